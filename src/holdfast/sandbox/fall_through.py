"""moto's server application, for the services that the stand-in does not answer (sts, s3, kms, iam)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def moto_application() -> WSGIApplication:
    """moto as a WSGI application. Its state is one for all sandboxes of the process."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from holdfast.sandbox.strict_s3 import install

    install()
    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return application


def reset_moto() -> None:
    """Empties every moto backend."""
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    BackendDict.reset()
    reset_model_data()
