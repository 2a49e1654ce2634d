"""Question bank, homework, quizzes and their attempts; telling students that a quiz was graded."""

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OLD_TYPES = (
    "enrollment_requested",
    "enrollment_approved",
    "enrollment_rejected",
    "balance_added",
    "lecture_reopened",
    "lecture_purchased",
    "lecture_published",
    "account_status_changed",
)
_TYPES = (*_OLD_TYPES[:-1], "quiz_graded", _OLD_TYPES[-1])


def upgrade():
    _know_types(_TYPES)
    op.create_table(
        "questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("teacher_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("grade_id", sa.BigInteger(), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grade_id"], ["grades.id"], name=op.f("fk_questions_grade_id_grades")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_questions_subject_id_subjects")),
        sa.ForeignKeyConstraint(["teacher_id"], ["teachers.id"], name=op.f("fk_questions_teacher_id_teachers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index(op.f("ix_questions_grade_id"), "questions", ["grade_id"], unique=False)
    op.create_index(op.f("ix_questions_subject_id"), "questions", ["subject_id"], unique=False)
    op.create_index(op.f("ix_questions_teacher_id"), "questions", ["teacher_id"], unique=False)
    op.create_table(
        "question_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_folded", sa.Text(), sa.Computed("edutrack_fold(text)", persisted=True), nullable=False),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("model_answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "type IN ('mcq_single', 'mcq_multiple', 'written')", name=op.f("ck_question_versions_type_known")
        ),
        sa.CheckConstraint("points BETWEEN 1 AND 1000", name=op.f("ck_question_versions_points_sound")),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.id"],
            name=op.f("fk_question_versions_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_versions")),
        sa.UniqueConstraint("question_id", "number", name=op.f("uq_question_versions_question_id_number")),
    )
    op.create_index(
        "ix_question_versions_current",
        "question_versions",
        ["question_id"],
        unique=True,
        postgresql_where=sa.text("is_current"),
    )
    op.create_index(
        "ix_question_versions_text_folded",
        "question_versions",
        ["text_folded"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"text_folded": "gin_trgm_ops"},
    )
    op.create_table(
        "question_choices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("is_correct", sa.Boolean(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["question_versions.id"],
            name=op.f("fk_question_choices_version_id_question_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_choices")),
    )
    op.create_index(op.f("ix_question_choices_version_id"), "question_choices", ["version_id"], unique=False)
    op.create_table(
        "homeworks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lecture_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lectures.id"], name=op.f("fk_homeworks_lecture_id_lectures"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_homeworks")),
    )
    op.create_index(op.f("ix_homeworks_lecture_id"), "homeworks", ["lecture_id"], unique=False)
    op.create_table(
        "quizzes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("lecture_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("timer_minutes", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("passing_score", sa.Integer(), nullable=False),
        sa.Column("randomize_questions", sa.Boolean(), nullable=False),
        sa.Column("randomize_choices", sa.Boolean(), nullable=False),
        sa.Column("score_visibility", sa.Text(), nullable=False),
        sa.Column("answers_visibility", sa.Text(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "answers_visibility IN ('immediately', 'after_close', 'never')",
            name=op.f("ck_quizzes_answers_visibility_known"),
        ),
        sa.CheckConstraint(
            "closes_at IS NOT NULL OR 'after_close' NOT IN (score_visibility, answers_visibility)",
            name=op.f("ck_quizzes_after_close_has_a_close"),
        ),
        sa.CheckConstraint(
            "score_visibility IN ('immediately', 'after_close', 'never')",
            name=op.f("ck_quizzes_score_visibility_known"),
        ),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_quizzes_opens_before_it_closes")),
        sa.CheckConstraint("max_attempts BETWEEN 1 AND 1000000", name=op.f("ck_quizzes_max_attempts_sound")),
        sa.CheckConstraint("passing_score BETWEEN 0 AND 100", name=op.f("ck_quizzes_passing_score_sound")),
        sa.CheckConstraint("timer_minutes BETWEEN 1 AND 1440", name=op.f("ck_quizzes_timer_minutes_sound")),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lectures.id"], name=op.f("fk_quizzes_lecture_id_lectures"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes")),
    )
    op.create_index(op.f("ix_quizzes_lecture_id"), "quizzes", ["lecture_id"], unique=False)
    op.create_table(
        "homework_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("homework_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("points BETWEEN 1 AND 1000", name=op.f("ck_homework_questions_points_sound")),
        sa.ForeignKeyConstraint(
            ["homework_id"],
            ["homeworks.id"],
            name=op.f("fk_homework_questions_homework_id_homeworks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_homework_questions_question_id_questions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_homework_questions")),
        sa.UniqueConstraint("homework_id", "question_id", name=op.f("uq_homework_questions_homework_id_question_id")),
    )
    op.create_index(op.f("ix_homework_questions_question_id"), "homework_questions", ["question_id"], unique=False)
    op.create_table(
        "homework_submissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("homework_id", sa.BigInteger(), nullable=False),
        sa.Column("student_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("max_score", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND max_score", name=op.f("ck_homework_submissions_score_sound")),
        sa.ForeignKeyConstraint(
            ["homework_id"], ["homeworks.id"], name=op.f("fk_homework_submissions_homework_id_homeworks")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name=op.f("fk_homework_submissions_student_id_students")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_homework_submissions")),
        sa.UniqueConstraint("homework_id", "student_id", name="uq_homework_submissions_homework_id_student_id"),
    )
    op.create_index(op.f("ix_homework_submissions_student_id"), "homework_submissions", ["student_id"], unique=False)
    op.create_table(
        "quiz_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("quiz_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("points BETWEEN 1 AND 1000", name=op.f("ck_quiz_questions_points_sound")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_quiz_questions_question_id_questions")
        ),
        sa.ForeignKeyConstraint(
            ["quiz_id"], ["quizzes.id"], name=op.f("fk_quiz_questions_quiz_id_quizzes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_questions")),
        sa.UniqueConstraint("quiz_id", "question_id", name=op.f("uq_quiz_questions_quiz_id_question_id")),
    )
    op.create_index(op.f("ix_quiz_questions_question_id"), "quiz_questions", ["question_id"], unique=False)
    op.create_table(
        "quiz_submissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("quiz_id", sa.BigInteger(), nullable=False),
        sa.Column("student_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("timer_minutes", sa.Integer(), nullable=False),
        sa.Column("passing_score", sa.Integer(), nullable=False),
        sa.Column("max_score", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_timed_out", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(status = 'in_progress') = (score IS NULL)", name=op.f("ck_quiz_submissions_scored_when_not_running")
        ),
        sa.CheckConstraint(
            "(status = 'in_progress') = (submitted_at IS NULL)",
            name=op.f("ck_quiz_submissions_submitted_when_not_running"),
        ),
        sa.CheckConstraint(
            "status IN ('in_progress', 'submitted', 'graded')", name=op.f("ck_quiz_submissions_status_known")
        ),
        sa.CheckConstraint("deadline_at > started_at", name=op.f("ck_quiz_submissions_deadline_after_start")),
        sa.CheckConstraint("score BETWEEN 0 AND max_score", name=op.f("ck_quiz_submissions_score_sound")),
        sa.ForeignKeyConstraint(["quiz_id"], ["quizzes.id"], name=op.f("fk_quiz_submissions_quiz_id_quizzes")),
        sa.ForeignKeyConstraint(["student_id"], ["students.id"], name=op.f("fk_quiz_submissions_student_id_students")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_submissions")),
        sa.UniqueConstraint("quiz_id", "student_id", "attempt_number", name="uq_quiz_submissions_attempt_number"),
    )
    op.create_index(
        "ix_quiz_submissions_running_until",
        "quiz_submissions",
        ["deadline_at"],
        unique=False,
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_index(
        op.f("ix_quiz_submissions_student_id_submitted_at"),
        "quiz_submissions",
        ["student_id", "submitted_at"],
        unique=False,
    )
    op.create_index(
        "ix_quiz_submissions_to_grade",
        "quiz_submissions",
        ["quiz_id"],
        unique=False,
        postgresql_where=sa.text("status = 'submitted'"),
    )
    op.create_index(
        "uq_quiz_submissions_running",
        "quiz_submissions",
        ["quiz_id", "student_id"],
        unique=True,
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_table(
        "homework_answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("homework_question_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("choice_id", sa.BigInteger(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("points_awarded", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.CheckConstraint(
            "points_awarded BETWEEN 0 AND points", name=op.f("ck_homework_answers_points_awarded_sound")
        ),
        sa.ForeignKeyConstraint(
            ["choice_id"], ["question_choices.id"], name=op.f("fk_homework_answers_choice_id_question_choices")
        ),
        sa.ForeignKeyConstraint(
            ["homework_question_id"],
            ["homework_questions.id"],
            name=op.f("fk_homework_answers_homework_question_id_homework_questions"),
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["homework_submissions.id"],
            name=op.f("fk_homework_answers_submission_id_homework_submissions"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["question_versions.id"], name=op.f("fk_homework_answers_version_id_question_versions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_homework_answers")),
        sa.UniqueConstraint(
            "submission_id", "homework_question_id", name=op.f("uq_homework_answers_submission_id_homework_question_id")
        ),
    )
    op.create_index(op.f("ix_homework_answers_choice_id"), "homework_answers", ["choice_id"], unique=False)
    op.create_index(
        op.f("ix_homework_answers_homework_question_id"), "homework_answers", ["homework_question_id"], unique=False
    )
    op.create_index(op.f("ix_homework_answers_version_id"), "homework_answers", ["version_id"], unique=False)
    op.create_table(
        "quiz_answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("quiz_question_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("choice_order", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("choice_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("written_answer", sa.Text(), nullable=True),
        sa.Column("points_awarded", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.CheckConstraint("points_awarded BETWEEN 0 AND points", name=op.f("ck_quiz_answers_points_awarded_sound")),
        sa.ForeignKeyConstraint(
            ["quiz_question_id"], ["quiz_questions.id"], name=op.f("fk_quiz_answers_quiz_question_id_quiz_questions")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["quiz_submissions.id"], name=op.f("fk_quiz_answers_submission_id_quiz_submissions")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["question_versions.id"], name=op.f("fk_quiz_answers_version_id_question_versions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_answers")),
        sa.UniqueConstraint(
            "submission_id", "quiz_question_id", name=op.f("uq_quiz_answers_submission_id_quiz_question_id")
        ),
    )
    op.create_index(op.f("ix_quiz_answers_quiz_question_id"), "quiz_answers", ["quiz_question_id"], unique=False)
    op.create_index(op.f("ix_quiz_answers_version_id"), "quiz_answers", ["version_id"], unique=False)


def downgrade():
    for table in (
        "quiz_answers",
        "homework_answers",
        "quiz_submissions",
        "quiz_questions",
        "homework_submissions",
        "homework_questions",
        "quizzes",
        "homeworks",
        "question_choices",
        "question_versions",
        "questions",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM notifications WHERE type = 'quiz_graded'")
    _know_types(_OLD_TYPES)


def _know_types(types):
    op.drop_constraint(op.f("ck_notifications_type_known"), "notifications")
    op.create_check_constraint(
        op.f("ck_notifications_type_known"), "notifications", f"type IN ({', '.join(repr(name) for name in types)})"
    )
