"""One account and region, with the SDK's own ways to sign in: profiles, SSO, instance roles, web identity, other roles.

The SDK does not retry: after a lost answer, the state has to be checked before anything is written again.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sealane import errors

_BUSY = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"})
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "InsufficientPrivilegesException", "UnauthorizedOperation", "403"}
)
"""`403` is what the SDK gives where an answer has no body: that of a HEAD."""
_SIGNED_OUT = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "SignatureDoesNotMatch"}
)
_CONNECT, _READ = 5, 30
"""Seconds for a connection, and for an answer."""


class Rejected(errors.Refused):
    """The service refused the call; `code` is its own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def denied(self) -> bool:
        """Whether the account lacks the permission."""
        return self.code in _DENIED


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """The account and region, and how to sign in."""

    region: str
    profile: str | None = None
    role: str | None = None
    """ARN of a role to assume."""
    external_id: str | None = None
    endpoint: str | None = None
    """Address of the services, if not Amazon's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The result of a call."""

    values: Mapping[str, Any]
    request: str
    """ID of the request; the service's later messages about it carry it."""
    at: datetime
    """The service's time, in whole seconds."""


class Account:
    """Calls services of one account and region."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def call_now(self, service: str, operation: str, /, **given: Any) -> Answer:
        """As `call`, for callers with a thread of their own."""
        return self._call(service, operation, given)

    async def call(self, service: str, operation: str, /, **given: Any) -> Answer:
        """Makes one call. Raises Rejected; Unavailable if the outcome is unknown, or it should be tried later."""
        return await asyncio.to_thread(self._call, service, operation, given)

    def _call(self, service: str, operation: str, given: Mapping[str, Any]) -> Answer:
        from botocore import exceptions

        try:
            answer = getattr(self._client(service), operation)(**given)
            body = answer.get("Body")
            values = {**answer, "Body": body.read()} if body is not None else answer
        except exceptions.ClientError as error:
            raise _understood(error.response.get("Error", {}), error.response.get("ResponseMetadata", {})) from None
        except exceptions.ParamValidationError as error:
            raise Rejected("ParamValidation", " ".join(str(error).split())) from None
        except exceptions.BotoCoreError as error:
            raise errors.Unavailable(f"AWS does not answer: {error}", hint="try again") from None
        meta = answer.get("ResponseMetadata", {})
        return Answer(values=values, request=str(meta.get("RequestId", "")), at=_date(meta))

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                from botocore.config import Config

                config = Config(
                    retries={"total_max_attempts": 1},
                    connect_timeout=_CONNECT,
                    read_timeout=_READ,
                    request_checksum_calculation="when_required",
                    s3={"addressing_style": "path"} if self.access.endpoint else {},
                )
                self._clients[service] = self._session.client(
                    service, region_name=self.access.region, endpoint_url=self.access.endpoint, config=config
                )
            return self._clients[service]

    @functools.cached_property
    def _session(self) -> Any:
        try:
            import boto3
            import botocore.session
        except ModuleNotFoundError:
            raise errors.UsageError("the SDK of AWS is not installed here", hint="pip install 'sealane[aws]'") from None
        from botocore import exceptions
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        try:
            inner = botocore.session.Session(profile=self.access.profile)
            if self.access.role:
                more = {"ExternalId": self.access.external_id} if self.access.external_id else {}
                fetcher = AssumeRoleCredentialFetcher(
                    functools.partial(
                        inner.create_client, region_name=self.access.region, endpoint_url=self.access.endpoint
                    ),
                    inner.get_credentials(),
                    self.access.role,
                    extra_args={"RoleSessionName": "sealane", **more},
                )
                inner._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 - as the SDK's guide does it
                    method="assume-role", refresh_using=fetcher.fetch_credentials
                )
            return boto3.Session(botocore_session=inner)
        except exceptions.BotoCoreError as error:
            raise errors.UsageError(f"signing in to AWS failed: {error}") from None


def _understood(error: Mapping[str, Any], meta: Mapping[str, Any]) -> errors.SealaneError:
    code, message = str(error.get("Code", "")), str(error.get("Message", "")) or "AWS gives no reason"
    if code in _BUSY:
        return errors.Overrun(f"AWS wants to be asked less often: {message}", after=2)
    if code in _SIGNED_OUT:
        return errors.Unavailable(f"AWS does not take who signs in: {message}", hint="sign in again")
    if int(meta.get("HTTPStatusCode", 500)) >= 500:
        return errors.Unavailable(f"AWS could not do it: {message}", hint="try again")
    return Rejected(code, message)


def _date(meta: Mapping[str, Any]) -> datetime:
    written = meta.get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(written).astimezone(UTC) if written else datetime.now(UTC)
