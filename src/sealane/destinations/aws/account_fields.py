"""The fields of a destination in an account of AWS: which account and region, and how to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from sealane.configfiles.fields import File, Maybe

if TYPE_CHECKING:
    from sealane.clients.aws.account import Account

_Text = Annotated[str, Field(min_length=1, max_length=2048)]


class AccountFile(File):
    """One account and region of AWS."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]
    """The region, such as `eu-central-1`."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """A bucket in which Sealane keeps what it did, under `sealane/`."""
    profile: Maybe[_Text] = None
    """The profile of the machine that deploys; when left out whatever the SDK of AWS finds: variables, web identity, the
    instance's role."""
    assume_role: Maybe[_Text] = None
    """Address of a role to assume."""
    external_id: Maybe[_Text] = None
    """The external id that the role asks for."""
    endpoint: Maybe[_Text] = None
    """The address of the services, if they are not Amazon's."""

    def account(self) -> Account:
        """The account; it signs in with the first call."""
        from sealane.clients.aws.account import Access, Account

        access = Access(
            region=self.region,
            profile=self.profile,
            role=self.assume_role,
            external_id=self.external_id,
            endpoint=self.endpoint,
        )
        return Account(access)
