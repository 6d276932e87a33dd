"""Imported before a fork: the vendor's descriptions of its services, read once for all commands that are forked after."""

from __future__ import annotations

from botocore.session import Session

from holdfast.adapters.aws import service_models

_session = Session()
_session.register_component("data_loader", service_models(None))
for _name in ("sso-admin", "identitystore", "organizations", "sts", "iam"):
    _session.create_client(
        _name, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
