"""The Flask extensions, made here once and bound to an application by `create_app`."""

from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from edutrack.core.database import Base
from edutrack.core.proxies import client_address

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
jwt = JWTManager()
limiter = Limiter(key_func=client_address, headers_enabled=False)
