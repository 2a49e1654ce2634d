"""What services say, listed for translation: the console shows their messages in its own language.

A message that is not here is shown in English. Those with names or numbers in them are patterns.
"""


def _marked(message: str) -> str:
    """Return `message`; the name lets the extraction of texts find it."""
    return message


#: Messages as they are raised.
MESSAGES = (
    _marked("This field is required."),
    _marked("This field may not be blank."),
    _marked("This field may not be null."),
    _marked("A valid integer is required."),
    _marked("A valid number is required."),
    _marked("Not a valid string."),
    _marked("Must be a valid boolean."),
    _marked("Null characters are not allowed."),
    _marked("Invalid value."),
    _marked("This list may not be empty."),
    _marked("Enter a valid email address."),
    _marked("Date has wrong format. Use one of these formats instead: YYYY-MM-DD."),
    _marked("Ensure that there are no more than 2 decimal places."),
    _marked("Ensure that there are no more than 12 digits in total."),
    _marked("Ensure that there are no more than 10 digits before the decimal point."),
    _marked("The submitted file is empty."),
    _marked("Upload a valid image. The file you uploaded was either not an image or a corrupted image."),
    _marked("Phone number must be exactly 11 digits and start with 010, 011, 012 or 015."),
    _marked("This password is entirely numeric."),
    _marked("The password is too similar to the username."),
    _marked("Username already exists."),
    _marked("This email is already associated with an account."),
    _marked("This national ID is already registered."),
    _marked("A course with this Teacher, Grade, and Name already exists."),
    _marked("The expiry must be in the future."),
    _marked("This serial is of another batch."),
    _marked("The balance cannot go below zero."),
    _marked("There are no unused codes to print."),
    _marked("The last number is before the first."),
    _marked("Ensure this image has no more than 20000000 pixels."),
    _marked("This course is not available."),
    _marked("A check is running already. Its result will stand here in a moment."),
    _marked("The end date cannot be before the start date."),
    _marked("This enrollment is not pending."),
    _marked("The discount cannot be higher than the price."),
    _marked("These two no longer stand side by side. Look at the order once more."),
    _marked("There is no such grade to put it before. Look at the order once more."),
    _marked("This item is named more than once."),
    _marked("Upload a video in MP4, MOV or WebM format."),
    _marked(
        "Upload a PDF, a picture (JPEG, PNG or WebP), a Word, Excel or PowerPoint document without macros, "
        "or plain text."
    ),
    _marked("No active account found with the given credentials"),
    _marked("Your account is inactive. Please contact an administrator."),
    _marked("You do not have permission to perform this action."),
    _marked("Not found."),
    _marked("The request body is too large."),
    _marked("Tick at least one student first."),
    _marked("The amount may not be zero."),
)

#: Patterns of messages with names or numbers in them, and what is translated in their place.
PATTERNS = (
    (
        r"Ensure this field has no more than (?P<most>\d+) characters\.",
        _marked("Ensure this field has no more than %(most)s characters."),
    ),
    (
        r"Ensure this value is greater than or equal to (?P<least>[-\d.]+)\.",
        _marked("Ensure this value is greater than or equal to %(least)s."),
    ),
    (
        r"Ensure this value is less than or equal to (?P<most>[-\d.]+)\.",
        _marked("Ensure this value is less than or equal to %(most)s."),
    ),
    (
        r"This password is too short\. It must contain at least (?P<least>\d+) characters\.",
        _marked("This password is too short. It must contain at least %(least)s characters."),
    ),
    (r'"(?P<choice>.*)" is not a valid choice\.', _marked('"%(choice)s" is not a valid choice.')),
    (
        r'Invalid pk "(?P<number>.*)" - object does not exist\.',
        _marked('Invalid pk "%(number)s" - object does not exist.'),
    ),
    (
        r"Request was throttled\. Expected available in (?P<seconds>\d+) seconds\.",
        _marked("Request was throttled. Expected available in %(seconds)s seconds."),
    ),
    (
        r"(?P<subject>.+) is not taught in (?P<grade>.+)\.",
        _marked("%(subject)s is not taught in %(grade)s."),
    ),
    (
        r"Teacher (?P<teacher>.+) does not teach grade (?P<grade>.+)\.",
        _marked("Teacher %(teacher)s does not teach grade %(grade)s."),
    ),
    (
        r"A purchase can be reopened by no more than (?P<most>\d+) days altogether\.",
        _marked("A purchase can be reopened by no more than %(most)s days altogether."),
    ),
    (
        r"The balance cannot go above (?P<most>[\d.]+)\.",
        _marked("The balance cannot go above %(most)s."),
    ),
    (r"Cannot change the (?P<field>\w+) of an existing course\.", _marked("This cannot be changed any more.")),
    (
        r'The platform "(?P<platform>.+)" is not configured\.',
        _marked("The keys of %(platform)s are not set. Whoever runs the server can set them."),
    ),
    (
        r"Enter the id or the https address of an? (?P<platform>.+) video\.",
        _marked("Enter the id or the https address of a %(platform)s video."),
    ),
    (
        r"The fields governorate, name must make a unique set\.",
        _marked("The governorate has an area of this name already."),
    ),
    (
        r'Only the platform "file" takes a file\.',
        _marked("Choose a recording only for a video that is uploaded here."),
    ),
    (r"[\w ]+ with this name already exists\.", _marked("This name is taken already.")),
    (r"This [\w ]+ cannot be deleted because it is in use\.", _marked("This is in use and cannot be deleted.")),
    (
        r"Cannot delete an? \w+ that has purchases\.",
        _marked("Students have bought from this, so it cannot be deleted. Hide it instead."),
    ),
    (
        r"Cannot delete an? \w+ that has watch progress\.",
        _marked("Students have watched this, so it cannot be deleted. Hide it instead."),
    ),
    (
        r"Cannot delete an? \w+ that has submissions\.",
        _marked("Students have handed in homework or quizzes here, so it cannot be deleted. Hide it instead."),
    ),
    (
        r"Cannot delete an? \w+ that has students enrolled in it\.",
        _marked("Students have asked for this course, so it cannot be deleted. Hide it instead."),
    ),
    (
        r"Cannot delete an? \w+ that has (recharge codes|balances)\.",
        _marked("Codes or balances belong to this course, so it cannot be deleted. Hide it instead."),
    ),
    (
        r"The range cannot be longer than (?P<most>\d+) days\.",
        _marked("The range cannot be longer than %(most)s days."),
    ),
    (
        r"The batch has numbers from 1 to (?P<last>\d+)\.",
        _marked("The batch has numbers from 1 to %(last)s."),
    ),
    (r"This code has already been (?P<done>\w+)\.", _marked("This code has already been used or cancelled.")),
)
