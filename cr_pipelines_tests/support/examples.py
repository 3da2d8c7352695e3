"""A contact and an activity with every field that the API takes, as JSON."""

FULL_USER = {
    "id": "u1",
    "fullName": "Ada Lovelace",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "username": "ada",
    "avatarUrl": "https://img.example/ada.png",
    "bio": "Wrote the first program.\u0007 日本語 🚀",
    "email": "Ada@Example.com",
    "linkedin": {"type": "handle", "value": "in/ada"},
    "github": {"type": "handle", "value": "https://github.com/Ada"},
    "twitter": {"type": "handle", "value": "@ada"},
    "discord": {"type": "username", "username": "ada", "discriminator": 1815},
    "externalProfiles": [{"url": "https://ada.example"}, {"url": "https://blog.example", "name": "Blog"}],
    "roleAtCompany": "Engineering",
    "titleAtCompany": "Analyst",
    "companyName": "Analytical Engines",
    "companyDomain": "engines.example",
    "country": "United Kingdom",
    "city": "London",
    "region": "London",
    "rawLocation": "London, UK",
}

ACTIVITY = {
    "id": "a1",
    "activityType": "attended_webinar",
    "user": {"id": "u1", "email": "a@example.com"},
    "activityTitle": {"type": "text", "value": "Webinar"},
    "content": {"type": "markdown", "value": "**Hello**"},
    "timestamp": "2026-01-02T03:04:05.678+02:00",
    "url": "https://events.example/1",
    "tags": [{"type": "name", "name": "event"}],
    "parentActivity": {"id": "a0", "activityType": "registered_for_webinar"},
    "subSource": {"type": "name", "name": "Webinars"},
}
