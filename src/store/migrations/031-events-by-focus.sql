-- Whom a thing was announced to: the sender of a referral asks (domain.md 4.8, delivered, opened and accepted shown apart).
create index subscription_event_focus on subscription_event (focus_type, focus_id);
