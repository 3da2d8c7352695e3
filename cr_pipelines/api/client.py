"""The client: one method per operation of the Common Room API v1.

Goes in: a token and request models. Comes out: response models, or a `CommonRoomError`.
"""

from types import TracebackType
from typing import Self

import httpx

from cr_pipelines.api import operations as op
from cr_pipelines.api.requester import DEFAULT_BASE_URL, Requester
from cr_pipelines.api.requests import (
    Activity,
    ClearContactCustomField,
    Contact,
    ContactActivity,
    ContactCustomFieldValue,
    ContactCustomFieldValues,
    ContactNote,
    ContactTags,
    NewTag,
    SegmentMembers,
    SegmentNote,
    TagUpdate,
    User,
)
from cr_pipelines.api.responses import (
    ActivityType,
    ContactProfile,
    CustomField,
    Segment,
    SegmentStatus,
    Tag,
    TagList,
    TokenStatus,
    WriteResponse,
    read_list,
    read_one,
    read_profiles,
)
from cr_pipelines.api.retries import RetryRule
from cr_pipelines.api.stats import Stats

_read_token_status = read_one(TokenStatus)
_read_custom_fields = read_list(CustomField)
_read_activity_types = read_list(ActivityType)
_read_segments = read_list(Segment)
_read_segment_statuses = read_list(SegmentStatus)
_read_tag_list = read_one(TagList)
_read_tag = read_one(Tag)


class CommonRoomClient:
    """A Common Room workspace ("room"), as one API token sees it.

    All calls of a client share one rate limiter: it runs as many calls at once as increase throughput, and makes all of
    them wait when the token's limit is used up. Start as many calls as you like, and let the client decide when to send
    each one.

    In addition to the errors that its docstring names, every method may raise `BadToken`, `RateLimited`, `ServerFault`,
    `Unreachable`, `OperationGone`, `FailureReported`, `UnexpectedResponse` and, when something else responded,
    `NotTheApi`; those with a body also `InvalidRequest`. All are `CommonRoomError`. Methods that append (notes,
    activities of existing contacts) raise `ResponseLost` if it is unknown whether they did. List items that cannot be
    read are left out, and counted in `stats`.

    Args:
        token: the API token; an admin of the room creates one under Settings > API tokens.
        base_url: the API's address, up to and including `/community/v1`.
        transport: any httpx transport; by default aiohttp. Closed with the client.
        retry: when to retry after a failure; `careful()` by default.
        max_concurrency: the maximum number of requests in flight.
        max_limit_wait: how many seconds 429s may keep calls waiting without a success before `RateLimited` is raised.
        rate_share: how much of the limit to use, above 0 and up to 1. Below 1, requests are spread evenly, which leaves
            room for other clients of the token. It applies from the first 429 on, which shows the length of the limit's
            interval.
        connect_timeout: seconds for opening a connection.
        timeout: seconds for one request and its response.
        allow_plain_http: whether the base URL may be plain http to another machine, which can then read the token.
    """

    def __init__(
        self,
        token: str,
        base_url: str = DEFAULT_BASE_URL,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        retry: RetryRule | None = None,
        max_concurrency: int = 128,
        max_limit_wait: float = 3600.0,
        rate_share: float = 1.0,
        connect_timeout: float = 10.0,
        timeout: float = 60.0,
        allow_plain_http: bool = False,
    ) -> None:
        self._requester = Requester(
            token,
            base_url,
            transport=transport,
            retry=retry,
            max_concurrency=max_concurrency,
            max_limit_wait=max_limit_wait,
            rate_share=rate_share,
            connect_timeout=connect_timeout,
            timeout=timeout,
            allow_plain_http=allow_plain_http,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; a request afterwards raises RuntimeError."""
        await self._requester.aclose()

    @property
    def stats(self) -> Stats:
        """Return what this client has done so far."""
        return self._requester.stats()

    @property
    def seconds_without_response(self) -> float:
        """Return how long the server has sent no response at all to requests; 0 if no response is due."""
        return self._requester.seconds_without_response()

    @property
    def credentials_hash(self) -> str:
        """Return SHA-256 of the base URL and the token: if it is the same for two clients, so is the room."""
        return self._requester.credentials_hash

    @property
    def seconds_rate_limited(self) -> float:
        """Return for how long the rate limit blocks all requests; 0 if it does not."""
        return self._requester.seconds_rate_limited()

    async def token_status(self) -> TokenStatus:
        """Read which room the token belongs to (GET /api-token-status)."""
        return await self._requester.read(op.TOKEN_STATUS, _read_token_status)

    async def add_or_edit_user(self, source_id: int, user: User) -> WriteResponse:
        """Write a contact; the same `user.id` in the same source is the same contact (POST /source/{id}/user).

        Raises:
            UnknownSource: the room has no API signal `source_id`.
        """
        return await self._requester.write(op.ADD_OR_EDIT_USER, source_id, body=user)

    async def add_or_edit_activity(self, source_id: int, activity: Activity) -> WriteResponse:
        """Write an activity, identified by its type and id within the source (POST /source/{id}/activity).

        Raises:
            UnknownSource: the room has no API signal `source_id`.
        """
        return await self._requester.write(op.ADD_OR_EDIT_ACTIVITY, source_id, body=activity)

    async def create_or_update_contact(self, contact: Contact) -> WriteResponse:
        """Write a contact outside any API source; legacy (POST /members/)."""
        return await self._requester.write(op.CREATE_OR_UPDATE_CONTACT, body=contact)

    async def add_contact_note(self, note: ContactNote) -> WriteResponse:
        """Append a note to an existing contact; legacy (POST /members/note).

        Raises:
            NotFound: no such contact.
            ResponseLost: it may or may not have been written.
        """
        return await self._requester.write(op.ADD_CONTACT_NOTE, body=note)

    async def list_custom_fields(self, source_id: int | None = None) -> list[CustomField]:
        """List the custom fields of contacts, or those that `source_id` may write (GET /members/customFields)."""
        query = {} if source_id is None else {"destinationSourceId": str(source_id)}
        return await self._requester.read(op.LIST_CUSTOM_FIELDS, _read_custom_fields, query=query)

    async def set_custom_field(
        self, change: ContactCustomFieldValue | ContactCustomFieldValues | ClearContactCustomField
    ) -> WriteResponse:
        """Set a custom field of an existing contact; legacy (POST /members/customFields).

        Raises:
            NotFound: no such contact or custom field.
        """
        return await self._requester.write(op.SET_CUSTOM_FIELD, body=change)

    async def add_contact_tags(self, tags: ContactTags) -> WriteResponse:
        """Put tags on an existing contact; legacy (POST /members/tags).

        Raises:
            NotFound: no such contact.
        """
        return await self._requester.write(op.ADD_CONTACT_TAGS, body=tags)

    async def contact_by_email(self, email: str) -> list[ContactProfile]:
        """Read the contacts with an e-mail address; deprecated by the vendor (GET /user/{email}).

        Raises:
            NotFound: no such contact, or it was written just now.
        """
        return await self._requester.read(op.CONTACT_BY_EMAIL, read_profiles, email)

    async def find_contacts(
        self,
        *,
        email: str | None = None,
        twitter: str | None = None,
        github: str | None = None,
        linkedin: str | None = None,
    ) -> list[ContactProfile]:
        """Read the contacts with exactly one address or account; deprecated by the vendor (GET /members).

        Raises:
            ValueError: none, or more than one, was given.
            NotFound: no such contact, or it was written just now.
        """
        given = {"email": email, "twitter": twitter, "github": github, "linkedin": linkedin}
        query = {name: value for name, value in given.items() if value is not None}
        if len(query) != 1:
            raise ValueError("find_contacts takes exactly one of email, twitter, github and linkedin")
        return await self._requester.read(op.FIND_CONTACTS, read_profiles, query=query)

    async def remove_pii(self, email: str) -> WriteResponse:
        """Ask for a person to be anonymized, which Common Room does within 15 days (DELETE /user/{email}).

        Raises:
            NotFound: no such contact.
        """
        return await self._requester.write(op.REMOVE_PII, email)

    async def add_activity_to_contacts(self, activity: ContactActivity) -> WriteResponse:
        """Append an activity to existing contacts; legacy (POST /activities).

        Raises:
            ResponseLost: it may or may not have been written.
        """
        return await self._requester.write(op.ADD_ACTIVITY_TO_CONTACTS, body=activity)

    async def list_activity_types(self) -> list[ActivityType]:
        """List the types that an activity may have (GET /activityTypes)."""
        return await self._requester.read(op.LIST_ACTIVITY_TYPES, _read_activity_types)

    async def list_segments(self) -> list[Segment]:
        """List the room's segments (GET /segments)."""
        return await self._requester.read(op.LIST_SEGMENTS, _read_segments)

    async def list_segment_statuses(self, segment_id: int) -> list[SegmentStatus]:
        """List the statuses that contacts of a segment can have (GET /segments/{id}/status)."""
        return await self._requester.read(op.LIST_SEGMENT_STATUSES, _read_segment_statuses, segment_id)

    async def add_contacts_to_segment(self, segment_id: int, members: SegmentMembers) -> WriteResponse:
        """Put existing contacts into a segment; deprecated by the vendor (POST /segments/{id}).

        Raises:
            NotFound: no such segment, or none of the contacts exists.
        """
        return await self._requester.write(op.ADD_CONTACTS_TO_SEGMENT, segment_id, body=members)

    async def add_segment_note(self, note: SegmentNote) -> WriteResponse:
        """Append a note to a segment; legacy (POST /segments/note).

        Raises:
            ResponseLost: it may or may not have been written.
        """
        return await self._requester.write(op.ADD_SEGMENT_NOTE, body=note)

    async def list_tags(self) -> list[Tag]:
        """List the room's tags, without deleted ones (GET /tags)."""
        return (await self._requester.read(op.LIST_TAGS, _read_tag_list)).labels

    async def create_tag(self, tag: NewTag) -> Tag:
        """Create a tag, or read the one that already has this name (POST /tags)."""
        return await self._requester.read(op.CREATE_TAG, _read_tag, body=tag)

    async def get_tag(self, tag_id: str) -> Tag:
        """Read a tag (GET /tags/{id}).

        Raises:
            NotFound: no such tag.
        """
        return await self._requester.read(op.GET_TAG, _read_tag, tag_id)

    async def update_tag(self, tag_id: str, change: TagUpdate) -> Tag:
        """Rename or describe a tag; undeletes a deleted one (POST /tags/{id}).

        Raises:
            NotFound: no such tag.
        """
        return await self._requester.read(op.UPDATE_TAG, _read_tag, tag_id, body=change)

    async def delete_tag(self, tag_id: str) -> WriteResponse:
        """Delete a tag and take it off everything that has it (DELETE /tags/{id}).

        Raises:
            NotFound: no such tag.
        """
        return await self._requester.write(op.DELETE_TAG, tag_id)
