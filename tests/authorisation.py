"""Who may do what: one row for each route, one column for each actor, written by hand.

A cell is what the actor is answered:

    ok      let through (to a 2xx, a redirect, or a refusal by validation or by a rule of the business)
    401     "Authentication credentials were not provided."
    role    403 "You do not have permission to perform this action."
    wait    403 "Your account is not verified yet."
    off     403 "Your account is inactive. Please contact an administrator."
    404     not found, in the very words in which a missing object is not found
    buy     403 "You must purchase this lecture."
    own     403 "You can only cancel your own enrollments"
    enrol   403 "You are not enrolled in this course"
    link    403 for a link that is not, or no longer, good

Objects in paths belong to the teacher, and to the student who enrolled and bought; "other" ones have nothing to do with
them. The inactive teacher has an inactive account, and an assistant whose own is active; the pending student waits for
verification.
"""

ACTORS = (
    "anonymous",
    "expired token",
    "pending student",
    "student",
    "suspended student",
    "other student",
    "assistant",
    "other assistant",
    "teacher",
    "other teacher",
    "inactive teacher",
    "assistant of the inactive",
    "site owner",
)

# fmt: off
# Columns:       anon. exp.  pend. stud. susp. other assi. other teach other inact its a owner
PUBLIC =        "ok    ok    ok    ok    ok    ok    ok    ok    ok    ok    ok    ok    ok"
REFRESH_ONLY =  "401   401   401   401   401   401   401   401   401   401   401   401   401"
LINK_HOLDER =   "link  link  link  link  link  link  link  link  link  link  link  link  link"
RECEIVER =      "401   401   404   ok    404   404   404   404   404   404   off   off   404"
LEAVING =       "401   401   ok    ok    ok    ok    ok    ok    ok    ok    ok    ok    ok"
EVERYBODY =     "401   401   ok    ok    ok    ok    ok    ok    ok    ok    off   off   ok"
EVERY_STUDENT = "401   401   ok    ok    ok    ok    role  role  role  role  role  role  role"
WAITING_TOO =   "401   401   ok    ok    off   ok    role  role  role  role  role  role  role"
STUDENTS =      "401   401   wait  ok    off   ok    role  role  role  role  role  role  role"
BUYER =         "401   401   wait  ok    off   buy   role  role  role  role  role  role  role"
BUYER_OR_404 =  "401   401   wait  ok    off   404   role  role  role  role  role  role  role"
ENROLLED =      "401   401   wait  ok    off   enrol role  role  role  role  role  role  role"
ENROLLMENT =    "401   401   wait  ok    off   own   role  role  role  role  role  role  role"
HOLDERS =       "401   401   wait  ok    off   ok    role  role  role  role  role  role  ok"
SITE_OWNER =    "401   401   role  role  role  role  role  role  role  role  role  role  ok"
TEACHING =      "401   401   role  role  role  role  ok    ok    ok    ok    off   off   role"
TEACHER =       "401   401   role  role  role  role  role  role  ok    ok    off   role  role"
COWORKERS =     "401   401   role  role  role  role  ok    404   ok    404   off   off   role"
ITS_TEACHER =   "401   401   role  role  role  role  role  role  ok    404   off   role  role"
READERS =       "401   401   wait  ok    off   ok    ok    ok    ok    ok    off   off   ok"
READERS_OF_IT = "401   401   wait  ok    off   buy   ok    404   ok    404   off   off   ok"
SCRAPER =       "404   404   404   404   404   404   404   404   404   404   404   404   404"
FINISHERS =     "401   401   wait  ok    off   404   ok    404   ok    404   off   off   ok"
STAFF =         "401   401   role  role  role  role  ok    ok    ok    ok    off   off   ok"
STAFF_OF_IT =   "401   401   role  role  role  role  ok    404   ok    404   off   off   ok"
EDITORS =       "401   401   role  role  role  role  role  role  ok    ok    off   role  ok"
EDITORS_OF_IT = "401   401   role  role  role  role  role  role  ok    404   off   role  ok"
# fmt: on

ROUTES: dict[tuple[str, str], str] = {
    # Operations and files
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/metrics"): SCRAPER,
    ("GET", "/media/<path:name>"): PUBLIC,
    ("GET", "/files/<token>/"): LINK_HOLDER,
    # The description of the API
    ("GET", "/api/openapi.json"): PUBLIC,
    ("GET", "/api/docs/"): PUBLIC,
    ("GET", "/api/docs/<asset>"): PUBLIC,
    # Accounts
    ("POST", "/api/accounts/login/"): PUBLIC,
    ("POST", "/api/accounts/logout/"): LEAVING,
    ("POST", "/api/accounts/token/refresh/"): REFRESH_ONLY,
    ("GET", "/api/accounts/me/"): EVERYBODY,
    ("GET", "/api/accounts/teachers/"): SITE_OWNER,
    ("POST", "/api/accounts/teachers/"): SITE_OWNER,
    ("GET", "/api/accounts/teachers/<int:teacher_id>/"): SITE_OWNER,
    ("PATCH", "/api/accounts/teachers/<int:teacher_id>/"): SITE_OWNER,
    ("GET", "/api/accounts/assistants/"): SITE_OWNER,
    ("POST", "/api/accounts/password/change/"): EVERYBODY,
    ("POST", "/api/accounts/password/reset/"): PUBLIC,
    ("POST", "/api/accounts/password/reset/confirm/"): PUBLIC,
    ("POST", "/api/accounts/users/<int:user_id>/password/"): EDITORS_OF_IT,
    ("POST", "/api/accounts/email/verify/"): PUBLIC,
    ("POST", "/api/accounts/email/resend/"): EVERYBODY,
    ("GET", "/api/accounts/teacher/assistants/"): TEACHING,
    ("POST", "/api/accounts/teacher/assistants/"): TEACHER,
    ("GET", "/api/accounts/teacher/assistants/<int:assistant_id>/"): COWORKERS,
    ("PATCH", "/api/accounts/teacher/assistants/<int:assistant_id>/"): ITS_TEACHER,
    ("DELETE", "/api/accounts/teacher/assistants/<int:assistant_id>/"): ITS_TEACHER,
    # Students
    ("POST", "/api/accounts/students/register/"): PUBLIC,
    ("GET", "/api/accounts/profile/me/"): EVERY_STUDENT,
    ("PATCH", "/api/accounts/profile/me/"): WAITING_TOO,
    ("GET", "/api/accounts/students/"): SITE_OWNER,
    ("GET", "/api/accounts/students/<int:student_id>/"): SITE_OWNER,
    ("PATCH", "/api/accounts/students/<int:student_id>/status/"): SITE_OWNER,
    # Notifications
    ("GET", "/api/notifications/"): EVERYBODY,
    ("GET", "/api/notifications/unread_count/"): EVERYBODY,
    ("POST", "/api/notifications/mark_all_read/"): EVERYBODY,
    ("POST", "/api/notifications/<int:notification_id>/mark_read/"): RECEIVER,
    # Educational structure
    ("GET", "/api/structure/grades/"): PUBLIC,
    ("POST", "/api/structure/grades/"): SITE_OWNER,
    ("GET", "/api/structure/grades/<int:item_id>/"): PUBLIC,
    ("PATCH", "/api/structure/grades/<int:item_id>/"): SITE_OWNER,
    ("DELETE", "/api/structure/grades/<int:item_id>/"): SITE_OWNER,
    ("GET", "/api/structure/school-types/"): PUBLIC,
    ("POST", "/api/structure/school-types/"): SITE_OWNER,
    ("GET", "/api/structure/school-types/<int:item_id>/"): PUBLIC,
    ("PATCH", "/api/structure/school-types/<int:item_id>/"): SITE_OWNER,
    ("DELETE", "/api/structure/school-types/<int:item_id>/"): SITE_OWNER,
    ("GET", "/api/structure/divisions/"): PUBLIC,
    ("POST", "/api/structure/divisions/"): SITE_OWNER,
    ("GET", "/api/structure/divisions/<int:item_id>/"): PUBLIC,
    ("PATCH", "/api/structure/divisions/<int:item_id>/"): SITE_OWNER,
    ("DELETE", "/api/structure/divisions/<int:item_id>/"): SITE_OWNER,
    ("GET", "/api/structure/subjects/"): PUBLIC,
    ("POST", "/api/structure/subjects/"): SITE_OWNER,
    ("GET", "/api/structure/subjects/<int:item_id>/"): PUBLIC,
    ("PATCH", "/api/structure/subjects/<int:item_id>/"): SITE_OWNER,
    ("DELETE", "/api/structure/subjects/<int:item_id>/"): SITE_OWNER,
    ("GET", "/api/structure/governorates/"): PUBLIC,
    ("POST", "/api/structure/governorates/"): SITE_OWNER,
    ("GET", "/api/structure/governorates/<int:item_id>/"): PUBLIC,
    ("PATCH", "/api/structure/governorates/<int:item_id>/"): SITE_OWNER,
    ("DELETE", "/api/structure/governorates/<int:item_id>/"): SITE_OWNER,
    ("GET", "/api/structure/areas/"): PUBLIC,
    ("POST", "/api/structure/areas/"): SITE_OWNER,
    ("GET", "/api/structure/areas/<int:item_id>/"): PUBLIC,
    ("PATCH", "/api/structure/areas/<int:item_id>/"): SITE_OWNER,
    ("DELETE", "/api/structure/areas/<int:item_id>/"): SITE_OWNER,
    ("GET", "/api/structure/video-security/"): PUBLIC,
    ("POST", "/api/structure/video-security/"): SITE_OWNER,
    ("GET", "/api/structure/video-security/<int:item_id>/"): PUBLIC,
    ("PATCH", "/api/structure/video-security/<int:item_id>/"): SITE_OWNER,
    ("DELETE", "/api/structure/video-security/<int:item_id>/"): SITE_OWNER,
    # Courses and their content
    ("GET", "/api/courses/"): SITE_OWNER,
    ("POST", "/api/courses/"): SITE_OWNER,
    ("GET", "/api/courses/<int:course_id>/"): STAFF_OF_IT,
    ("PATCH", "/api/courses/<int:course_id>/"): SITE_OWNER,
    ("DELETE", "/api/courses/<int:course_id>/"): SITE_OWNER,
    ("GET", "/api/courses/by_subject/<int:subject_id>/"): EVERYBODY,
    ("GET", "/api/courses/<int:course_id>/preview/"): EVERYBODY,
    ("GET", "/api/courses/my_courses/"): TEACHING,
    ("GET", "/api/courses/enrolled/"): STUDENTS,
    ("GET", "/api/courses/<int:course_id>/lectures/"): ENROLLED,
    ("GET", "/api/courses/<int:course_id>/progress/"): STAFF_OF_IT,
    ("POST", "/api/courses/<int:course_id>/reorder/"): EDITORS_OF_IT,
    ("GET", "/api/topics/"): STAFF,
    ("POST", "/api/topics/"): EDITORS,
    ("GET", "/api/topics/<int:topic_id>/"): STAFF_OF_IT,
    ("PATCH", "/api/topics/<int:topic_id>/"): EDITORS_OF_IT,
    ("DELETE", "/api/topics/<int:topic_id>/"): EDITORS_OF_IT,
    ("GET", "/api/lectures/"): STAFF,
    ("POST", "/api/lectures/"): EDITORS,
    ("GET", "/api/lectures/<int:lecture_id>/"): STAFF_OF_IT,
    ("PATCH", "/api/lectures/<int:lecture_id>/"): EDITORS_OF_IT,
    ("DELETE", "/api/lectures/<int:lecture_id>/"): EDITORS_OF_IT,
    ("GET", "/api/lectures/<int:lecture_id>/watch/"): BUYER,
    ("GET", "/api/videos/"): STAFF,
    ("POST", "/api/videos/"): EDITORS,
    ("GET", "/api/videos/<int:video_id>/"): STAFF_OF_IT,
    ("PATCH", "/api/videos/<int:video_id>/"): EDITORS_OF_IT,
    ("DELETE", "/api/videos/<int:video_id>/"): EDITORS_OF_IT,
    ("GET", "/api/videos/<int:video_id>/play/"): LINK_HOLDER,
    ("GET", "/api/materials/"): STAFF,
    ("POST", "/api/materials/"): STAFF,
    ("GET", "/api/materials/<int:material_id>/"): STAFF_OF_IT,
    ("PATCH", "/api/materials/<int:material_id>/"): STAFF_OF_IT,
    ("DELETE", "/api/materials/<int:material_id>/"): STAFF_OF_IT,
    ("GET", "/api/materials/mine/"): STUDENTS,
    ("GET", "/api/materials/<int:material_id>/download/"): LINK_HOLDER,
    ("POST", "/api/enrollments/"): STUDENTS,
    ("GET", "/api/enrollments/"): STAFF,
    ("GET", "/api/enrollments/mine/"): STUDENTS,
    ("DELETE", "/api/enrollments/<int:enrollment_id>/"): ENROLLMENT,
    ("POST", "/api/enrollments/<int:enrollment_id>/approve/"): STAFF_OF_IT,
    ("POST", "/api/enrollments/<int:enrollment_id>/reject/"): STAFF_OF_IT,
    ("POST", "/api/enrollments/bulk_respond/"): STAFF,
    ("GET", "/api/progress/"): STUDENTS,
    ("POST", "/api/progress/"): STUDENTS,
    ("GET", "/api/progress/<int:video_id>/"): BUYER_OR_404,
    # Purchases and wallet
    ("POST", "/api/purchases/"): STUDENTS,
    ("GET", "/api/purchases/"): STAFF,
    ("GET", "/api/purchases/mine/"): STUDENTS,
    ("POST", "/api/purchases/<int:purchase_id>/reopen/"): EDITORS_OF_IT,
    ("GET", "/api/wallet/balances/"): STUDENTS,
    ("GET", "/api/wallet/transactions/"): HOLDERS,
    ("POST", "/api/wallet/redeem/"): STUDENTS,
    ("GET", "/api/wallet/recharge-codes/"): SITE_OWNER,
    ("POST", "/api/wallet/recharge-codes/"): SITE_OWNER,
    ("GET", "/api/wallet/recharge-codes/<int:code_id>/"): SITE_OWNER,
    ("POST", "/api/wallet/recharge-codes/<int:code_id>/void/"): SITE_OWNER,
    ("POST", "/api/wallet/recharge-codes/bulk/"): SITE_OWNER,
    ("GET", "/api/wallet/batches/"): SITE_OWNER,
    ("GET", "/api/wallet/batches/<int:batch_id>/"): SITE_OWNER,
    ("GET", "/api/wallet/batches/<int:batch_id>/codes.csv"): SITE_OWNER,
    ("POST", "/api/wallet/batches/<int:batch_id>/void/"): SITE_OWNER,
    ("POST", "/api/wallet/adjustments/"): SITE_OWNER,
    # Question bank
    ("GET", "/api/questions/"): STAFF,
    ("POST", "/api/questions/"): EDITORS,
    ("GET", "/api/questions/<int:question_id>/"): STAFF_OF_IT,
    ("PATCH", "/api/questions/<int:question_id>/"): EDITORS_OF_IT,
    ("DELETE", "/api/questions/<int:question_id>/"): EDITORS_OF_IT,
    ("GET", "/api/questions/export/"): STAFF,
    ("POST", "/api/questions/import/"): EDITORS,
    # Homework
    ("GET", "/api/homeworks/"): READERS,
    ("POST", "/api/homeworks/"): EDITORS,
    ("GET", "/api/homeworks/<int:homework_id>/"): READERS_OF_IT,
    ("PATCH", "/api/homeworks/<int:homework_id>/"): EDITORS_OF_IT,
    ("DELETE", "/api/homeworks/<int:homework_id>/"): EDITORS_OF_IT,
    ("POST", "/api/homeworks/<int:homework_id>/submit/"): BUYER,
    ("GET", "/api/homeworks/submissions/"): STUDENTS,
    ("GET", "/api/homeworks/<int:homework_id>/submissions/"): STAFF_OF_IT,
    # Quizzes
    ("GET", "/api/quizzes/"): READERS,
    ("POST", "/api/quizzes/"): EDITORS,
    ("GET", "/api/quizzes/<int:quiz_id>/"): READERS_OF_IT,
    ("PATCH", "/api/quizzes/<int:quiz_id>/"): EDITORS_OF_IT,
    ("DELETE", "/api/quizzes/<int:quiz_id>/"): EDITORS_OF_IT,
    # Attempts
    ("POST", "/api/quizzes/<int:quiz_id>/start/"): BUYER,
    ("GET", "/api/quizzes/<int:quiz_id>/attempt/"): BUYER_OR_404,
    ("PUT", "/api/quizzes/<int:quiz_id>/answers/"): STUDENTS,
    ("POST", "/api/quizzes/<int:quiz_id>/submit/"): STUDENTS,
    # Finished attempts
    ("GET", "/api/quizzes/submissions/"): STUDENTS,
    ("GET", "/api/quizzes/submissions/<int:submission_id>/"): FINISHERS,
    ("POST", "/api/quizzes/submissions/<int:submission_id>/grade/"): EDITORS_OF_IT,
    ("GET", "/api/quizzes/<int:quiz_id>/submissions/"): STAFF_OF_IT,
    ("GET", "/api/quizzes/<int:quiz_id>/analysis/"): STAFF_OF_IT,
    # Figures
    ("GET", "/api/owner/dashboard/"): SITE_OWNER,
    ("GET", "/api/owner/revenue/"): SITE_OWNER,
    ("GET", "/api/owner/revenue/courses/<int:course_id>/"): SITE_OWNER,
    ("GET", "/api/owner/revenue/lectures/<int:lecture_id>/"): SITE_OWNER,
    ("GET", "/api/owner/revenue/students/"): SITE_OWNER,
    ("GET", "/api/owner/revenue/trends/"): SITE_OWNER,
    ("GET", "/api/teacher/dashboard/"): STAFF,
    ("GET", "/api/courses/<int:course_id>/analytics/"): STAFF_OF_IT,
}
