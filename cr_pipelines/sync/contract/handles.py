"""The accounts on social networks that identify a person in a request.

Goes in: a request as a contract builds it. Comes out: the hash of each account, the same in every kind.
"""

from collections.abc import Iterator

from cr_pipelines.api import Activity, Contact, DiscordAccount, SocialAccount, User
from cr_pipelines.sync.contract.identity import account_hash

_NETWORKS = ("linkedin", "github", "twitter", "discord")


def handles_in(request: object) -> frozenset[str]:
    """Return the hashes of the accounts that identify the person in a request."""
    return frozenset(account_hash(network, account) for network, account in _accounts(request))


def profile_in(request: object) -> User | Contact | None:
    """Return the part of a request that describes a person; None if it only refers to one, or to nobody."""
    match request:
        case Activity():
            return request.user
        case User() | Contact():
            return request
        case _:
            return None


def _accounts(request: object) -> Iterator[tuple[str, str]]:
    match profile_in(request):
        case User() as user:
            for network in _NETWORKS:
                account = getattr(user, network)
                if isinstance(account, DiscordAccount):
                    yield network, f"{account.username}#{account.discriminator}".removesuffix("#0")
                elif account is not None:
                    yield network, account.value
        case Contact() as contact:
            for social in contact.socials:
                if isinstance(social, SocialAccount):
                    yield social.type, social.value.handle.removesuffix("#0")
        case _:
            reference = getattr(request, "members", request)
            by = getattr(reference, "social_type", "email")
            if by != "email":
                for value in getattr(reference, "values", None) or [getattr(reference, "value", "")]:
                    yield by, value
