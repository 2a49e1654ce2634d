"""What the demo school teaches: six courses with their topics and lectures."""

from dataclasses import dataclass
from decimal import Decimal

from edutrack.demo.artwork import Colour
from edutrack.demo.people import FIRST_SECONDARY, SECOND_SECONDARY, TEACHER, THIRD_PREPARATORY, THIRD_SECONDARY


@dataclass(frozen=True)
class DemoCourse:
    """A course to be opened; topics with the names of their lectures, in order."""

    name: str
    teacher: str
    grade: str
    description: str
    #: Of the dearest lecture.
    price: Decimal
    topics: dict[str, tuple[str, ...]]
    background: Colour
    ink: Colour


#: Films of the Blender Foundation, free for everybody, stand for recordings: id on YouTube and length in seconds.
RECORDINGS = (("aqz-KE-bpKQ", 635), ("eRsGyueVLvQ", 888), ("R6MlUcmOul8", 734), ("WhWc3b3KhnY", 464))

COURSES = (
    DemoCourse(
        "النحو والبلاغة للثانوية العامة",
        TEACHER,
        THIRD_SECONDARY,
        "شرح كامل للنحو والبلاغة مع تدريبات على نظام الامتحان الجديد.",
        Decimal(80),
        {
            "النحو": ("كيف تذاكر معنا", "المبتدأ والخبر", "كان وأخواتها", "إن وأخواتها"),
            "البلاغة": ("التشبيه", "الاستعارة", "الكناية", "المراجعة النهائية"),
        },
        (233, 240, 244),
        (38, 70, 83),
    ),
    DemoCourse(
        "العربية للشهادة الإعدادية",
        TEACHER,
        THIRD_PREPARATORY,
        "منهج الفصل الدراسي الأول: قراءة ونصوص ونحو وتعبير.",
        Decimal(50),
        {
            "النصوص": ("مقدمة المنهج", "نص الوحدة الأولى", "نص الوحدة الثانية", "تدريبات النصوص"),
            "القواعد": ("الممنوع من الصرف", "أسلوب الشرط", "اسم الفاعل", "مراجعة القواعد"),
        },
        (244, 240, 228),
        (140, 98, 31),
    ),
    DemoCourse(
        "الفيزياء الحديثة والكهربية",
        f"{TEACHER}-2",
        THIRD_SECONDARY,
        "الكهربية والمغناطيسية ثم الفيزياء الحديثة، بحل مسائل أكثر من الكتاب.",
        Decimal(100),
        {
            "التيار الكهربي": ("ماذا سندرس هذا العام", "قانون أوم", "قانونا كيرشوف", "مسائل كيرشوف"),
            "الفيزياء الحديثة": ("الظاهرة الكهروضوئية", "طيف ذرة الهيدروجين", "الليزر", "مراجعة الباب"),
        },
        (244, 232, 226),
        (120, 54, 78),
    ),
    DemoCourse(
        "الفيزياء خطوة بخطوة",
        f"{TEACHER}-2",
        SECOND_SECONDARY,
        "الموجات والموائع والحرارة للصف الثاني الثانوي.",
        Decimal(70),
        {
            "الحركة الموجية": ("أول حصة", "خصائص الموجات", "الصوت", "الضوء وانكساره"),
            "خواص الموائع": ("الضغط", "قاعدة باسكال", "قاعدة أرشميدس", "مسائل متنوعة"),
        },
        (236, 228, 244),
        (84, 58, 128),
    ),
    DemoCourse(
        "رياضيات أولى ثانوي",
        f"{TEACHER}-3",
        FIRST_SECONDARY,
        "الجبر وحساب المثلثات والهندسة مع اختبار بعد كل درس.",
        Decimal(60),
        {
            "الجبر": ("خطة العام", "حل معادلة الدرجة الثانية", "الأعداد المركبة", "تحديد نوع الجذرين"),
            "حساب المثلثات": ("الزاوية الموجهة", "القياس الدائري", "الدوال المثلثية", "تمارين عامة"),
        },
        (226, 240, 228),
        (59, 92, 47),
    ),
    DemoCourse(
        "رياضيات الشهادة الإعدادية",
        f"{TEACHER}-3",
        THIRD_PREPARATORY,
        "الجبر والإحصاء وحساب المثلثات والهندسة التحليلية.",
        Decimal(45),
        {
            "العلاقات والدوال": ("لقاء تعريفي", "حاصل الضرب الديكارتي", "العلاقات", "الدالة كثيرة الحدود"),
            "النسبة والتناسب": ("النسبة", "التناسب", "التغير الطردي والعكسي", "مراجعة ليلة الامتحان"),
        },
        (238, 241, 220),
        (105, 110, 28),
    ),
)
