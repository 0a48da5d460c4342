/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_entry.h"

#include <assert.h>
#include <string.h>

#include "base/domain.h"
#include "base/str.h"

/* Keys while they are collected. */
struct keys {
	struct pst_arena *arena;
	struct pst_journal_key *items;
	size_t count;
};

static bool
has(const struct keys *keys, enum pst_journal_kind kind, struct pst_str value)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->items[i].kind == kind &&
		    pst_str_eq(keys->items[i].value, value))
			return true;
	return false;
}

static void
add(struct keys *keys, enum pst_journal_kind kind, struct pst_str value)
{
	if (value.len == 0 || keys->count == PST_JOURNAL_MAX_KEYS ||
	    has(keys, kind, value))
		return;
	keys->items[keys->count++] = (struct pst_journal_key){kind, value};
}

/* ---- the forms of keys ---- */

/* A Message-ID without blanks and angle brackets, as far as it is recorded. */
static struct pst_str
bare_id(struct pst_str id)
{
	id = pst_str_first(pst_str_trim(id), PST_RECORDED_MAX_MESSAGE_ID);
	if (id.len > 0 && id.ptr[0] == '<')
		id = pst_str_from(id, 1);
	if (id.len > 0 && id.ptr[id.len - 1] == '>')
		id.len--;
	return id;
}

static struct pst_str
lower(struct pst_arena *arena, struct pst_str text)
{
	char *copy = pst_arena_memdup(arena, text.ptr, text.len);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = pst_lower(copy[i]);
	return (struct pst_str){copy, text.len};
}

/* "local@domain"; the local part in lower case, as the domain is. */
static struct pst_str
join(struct pst_arena *arena, struct pst_str local, const char *domain)
{
	const size_t domain_len = strlen(domain);
	const size_t len = local.len + 1 + domain_len;
	char *text = pst_arena_alloc(arena, len);

	for (size_t i = 0; i < local.len; i++)
		text[i] = pst_lower(local.ptr[i]);
	text[local.len] = '@';
	memcpy(text + local.len + 1, domain, domain_len);
	return (struct pst_str){text, len};
}

/*
 * A recipient as an address without brackets, its letters in lower case, and its
 * domain in normal form; *domain is NULL if it has none.
 */
static struct pst_str
address(struct pst_arena *arena, struct pst_str rcpt, const char **domain)
{
	struct pst_path path;

	pst_reverse_path_parse(arena, rcpt, &path);
	*domain = path.domain;
	if (path.domain == NULL) {
		if (rcpt.len > 1 && rcpt.ptr[0] == '<' &&
		    rcpt.ptr[rcpt.len - 1] == '>')
			rcpt =
			    pst_str_from(pst_str_first(rcpt, rcpt.len - 1), 1);
		return lower(arena, rcpt);
	}
	return join(arena, path.local, path.domain);
}

static void
add_rcpts(struct keys *keys, const struct pst_message *message,
    enum pst_recorded_rcpts mode)
{
	if (mode == PST_RECORDED_RCPTS_NONE)
		return;
	for (size_t i = 0; i < message->rcpts.count; i++) {
		const char *domain;
		struct pst_str whole =
		    address(keys->arena, message->rcpts.items[i], &domain);

		if (domain != NULL)
			add(keys, PST_JOURNAL_RCPT_DOMAIN, pst_str(domain));
		if (mode == PST_RECORDED_RCPTS_FULL)
			add(keys, PST_JOURNAL_RCPT, whole);
	}
}

static size_t
collect(struct pst_arena *arena, const struct pst_message *message,
    enum pst_recorded_rcpts mode, struct pst_journal_key *items)
{
	struct keys keys = {arena, items, 0};
	const struct pst_header_field *id =
	    pst_header_find(message->header, "Message-ID", 1);
	const struct pst_from *from = &message->findings.from;
	char *ip = pst_arena_alloc(arena, PST_IP_TEXT_SIZE);

	add(&keys, PST_JOURNAL_QUEUE_ID, pst_str(message->queue_id));
	if (id != NULL)
		add(&keys, PST_JOURNAL_MESSAGE_ID, bare_id(id->value));
	for (size_t i = 0; i < from->domain_count; i++)
		add(&keys, PST_JOURNAL_FROM_DOMAIN, pst_str(from->domains[i]));
	if (from->domain_count == 0 && from->only_domain != NULL)
		add(&keys, PST_JOURNAL_FROM_DOMAIN, pst_str(from->only_domain));
	add(&keys, PST_JOURNAL_CLIENT,
	    pst_str(pst_ip_text(&message->client, ip)));
	add_rcpts(&keys, message, mode);
	return keys.count;
}

/* Room for the keys of a message. */
static struct pst_journal_key *
make_room(struct pst_arena *arena, const struct pst_message *message)
{
	const size_t count =
	    4 + message->findings.from.domain_count + 2 * message->rcpts.count;

	return pst_arena_array(arena,
	    count < PST_JOURNAL_MAX_KEYS ? count : PST_JOURNAL_MAX_KEYS,
	    sizeof(struct pst_journal_key));
}

/* ---- entries ---- */

static enum pst_recorded_rcpts
rcpts_mode(enum pst_kept_rcpts kept)
{
	switch (kept) {
	case PST_KEPT_RCPTS_FULL:
		return PST_RECORDED_RCPTS_FULL;
	case PST_KEPT_RCPTS_DOMAIN:
		return PST_RECORDED_RCPTS_DOMAIN;
	case PST_KEPT_RCPTS_NONE:
		return PST_RECORDED_RCPTS_NONE;
	}
	assert(false);
	return PST_RECORDED_RCPTS_NONE;
}

static enum pst_journal_stream
stream_of(const struct pst_message *message)
{
	bool plain = message->done.action == PST_ACTION_ACCEPT &&
	    message->done.failed == NULL &&
	    message->decision.would == PST_ACTION_ACCEPT;

	return plain ? PST_JOURNAL_ACCEPTED : PST_JOURNAL_OTHER;
}

static bool
is_kept(const struct pst_message *message, enum pst_journal_stream stream)
{
	if (message->is_test)
		return false;
	switch (message->config->journal.keep) {
	case PST_KEPT_ALL:
		return true;
	case PST_KEPT_EXCEPTIONS:
		return stream == PST_JOURNAL_OTHER;
	case PST_KEPT_NONE:
		return false;
	}
	assert(false);
	return false;
}

bool
pst_journal_entry_make(struct pst_arena *arena,
    const struct pst_message *message, struct pst_journal_entry *out)
{
	enum pst_journal_stream stream = stream_of(message);
	enum pst_recorded_rcpts mode =
	    rcpts_mode(message->config->journal.recipients);
	struct pst_journal_key *keys;

	if (!is_kept(message, stream))
		return false;
	keys = make_room(arena, message);
	*out = (struct pst_journal_entry){
	    .stream = stream,
	    .seen_s = message->began_s,
	    .octets = pst_recorded_write(arena, message, mode),
	    .keys = keys,
	    .key_count = collect(arena, message, mode, keys),
	};
	return true;
}

void
pst_journal_entry_make_again(struct pst_arena *arena,
    const struct pst_recorded *recorded, struct pst_journal_entry *entry)
{
	struct pst_journal_key *keys = make_room(arena, &recorded->message);

	entry->octets = pst_recorded_write_again(arena, recorded);
	entry->keys = keys;
	entry->key_count =
	    collect(arena, &recorded->message, recorded->rcpts, keys);
}

bool
pst_journal_entry_has(struct pst_arena *arena,
    const struct pst_recorded *recorded, const struct pst_journal_key *key)
{
	struct pst_journal_key *keys = make_room(arena, &recorded->message);
	size_t count =
	    collect(arena, &recorded->message, recorded->rcpts, keys);
	const struct keys all = {arena, keys, count};

	return has(&all, key->kind, key->value);
}

bool
pst_journal_key_is_rcpt(struct pst_arena *arena,
    const struct pst_journal_key *key, struct pst_str rcpt)
{
	const char *domain;

	return pst_str_eq(address(arena, rcpt, &domain), key->value);
}

/* ---- questions ---- */

static bool
parse_domain(struct pst_arena *arena, const char *text,
    struct pst_journal_key *out, struct pst_err *err)
{
	const char *domain = pst_domain_normalize(arena, pst_str(text));

	if (domain == NULL)
		return pst_err_set(err, "\"%s\" is not a domain name", text);
	out->value = pst_str(domain);
	return true;
}

static bool
parse_client(struct pst_arena *arena, const char *text,
    struct pst_journal_key *out, struct pst_err *err)
{
	char *normal = pst_arena_alloc(arena, PST_IP_TEXT_SIZE);
	struct pst_ip ip;

	if (!pst_ip_parse(pst_str(text), &ip))
		return pst_err_set(err, "\"%s\" is not an IP address", text);
	out->value = pst_str(pst_ip_text(&ip, normal));
	return true;
}

static bool
parse_address(struct pst_arena *arena, const char *text,
    struct pst_journal_key *out, struct pst_err *err)
{
	const char *domain;

	out->value = address(arena, pst_str(text), &domain);
	/* The one recipient that needs no domain (RFC 5321 s. 4.5.1). */
	if (domain == NULL && !pst_str_eq(out->value, PST_STR("postmaster")))
		return pst_err_set(err,
		    "\"%s\" is not a mail address; write it as local@domain",
		    text);
	return true;
}

static bool
parse_text(struct pst_str value, const char *what, struct pst_journal_key *out,
    struct pst_err *err)
{
	out->value = value;
	return value.len > 0 || pst_err_set(err, "%s is empty", what);
}

bool
pst_journal_key_parse(struct pst_arena *arena, enum pst_journal_kind kind,
    const char *text, struct pst_journal_key *out, struct pst_err *err)
{
	out->kind = kind;
	switch (kind) {
	case PST_JOURNAL_QUEUE_ID:
		return parse_text(
		    pst_str_trim(pst_str(text)), "the queue id", out, err);
	case PST_JOURNAL_MESSAGE_ID:
		return parse_text(
		    bare_id(pst_str(text)), "the Message-ID", out, err);
	case PST_JOURNAL_FROM_DOMAIN:
	case PST_JOURNAL_RCPT_DOMAIN:
		return parse_domain(arena, text, out, err);
	case PST_JOURNAL_CLIENT:
		return parse_client(arena, text, out, err);
	case PST_JOURNAL_RCPT:
		return parse_address(arena, text, out, err);
	}
	assert(false);
	return false;
}
