/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reads what core/recorded_write.c has written. The octets are from a file and
 * may be anything: what is read must not make a printer or the policy fail.
 */

#include "core/check.h"
#include "core/claims.h"
#include "core/edits.h"
#include "core/recorded.h"
#include "core/recorded_numbers.h"
#include "core/undetermined.h"

#define MAX_AUTHSERV_ID 512
#define MAX_KNOWN 64

struct reading {
	struct pst_record_source source;
	struct pst_config *config;
	struct pst_recorded *recorded;
	struct pst_message *message;
	struct pst_header *header;
	struct pst_dns *dns;
	struct pst_record_in decision; /* read when all findings are there */
};

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

static void
read_envelope(struct reading *reading, struct pst_record_in *in)
{
	struct pst_message *message = reading->message;
	unsigned bits;

	message->began_s = pst_record_take_signed(in);
	bits = pst_record_take_unsigned(in);
	message->is_test = (bits & PST_RECORDED_IS_TEST) != 0;
	message->authenticated = (bits & PST_RECORDED_AUTHENTICATED) != 0;
	message->mta = (struct pst_mta){
	    .can_quarantine = (bits & PST_RECORDED_CAN_QUARANTINE) != 0,
	    .can_change_headers = (bits & PST_RECORDED_CAN_CHANGE) != 0,
	    .can_add_headers = (bits & PST_RECORDED_CAN_ADD) != 0,
	};
	pst_record_take_ip(in, &message->client);
	pst_record_take_ip(in, &message->via);
	message->client_name = or_empty(pst_record_take_text(in));
	message->helo = pst_record_take_octets(in);
	message->mail_from = pst_record_take_octets(in);
	message->rcpt_count = pst_record_take_unsigned(in);
	message->queue_id = or_empty(pst_record_take_text(in));
	message->authserv_id = or_empty(pst_record_take_text(in));
	message->note = pst_record_take_text(in);
	message->elapsed_ms = pst_record_take_unsigned(in);
	if (message->authserv_id[0] == '\0' ||
	    strlen(message->authserv_id) > MAX_AUTHSERV_ID)
		pst_record_is_bad(in);
}

static void
read_from(struct reading *reading, struct pst_record_in *in)
{
	struct pst_from *from = &reading->message->findings.from;

	from->verdict = pst_record_take_enum(in, &pst_numbers_from_verdict);
	from->fault = pst_record_take_enum(in, &pst_numbers_from_fault);
	from->why = pst_record_take_text(in);
	from->only_domain = pst_record_take_text(in);
	from->domain_count = pst_record_take_number(in, PST_FROM_MAX_DOMAINS);
	from->domains = pst_arena_array(
	    reading->source.arena, from->domain_count, sizeof(*from->domains));
	for (size_t i = 0; i < from->domain_count; i++) {
		const char *domain = pst_record_take_text(in);

		from->domains[i] = or_empty(domain);
		if (domain == NULL)
			pst_record_is_bad(in);
	}
}

static void
read_findings_bits(struct pst_findings *findings, unsigned bits)
{
	findings->temperror_capped = (bits & PST_RECORDED_CAPPED) != 0;
	findings->crowded = (bits & PST_RECORDED_CROWDED) != 0;
	findings->policy_overdue = (bits & PST_RECORDED_POLICY_OVERDUE) != 0;
	findings->spf_overdue = (bits & PST_RECORDED_SPF_OVERDUE) != 0;
	findings->to_reports = (bits & PST_RECORDED_TO_REPORTS) != 0;
	findings->rcpts.unknown = (bits & PST_RECORDED_RCPTS_UNKNOWN) != 0;
	findings->rcpt_kinds[PST_RCPT_MONITORED] =
	    (bits & PST_RECORDED_SOME_MONITORED) != 0;
	findings->rcpt_kinds[PST_RCPT_CONFIGURED] =
	    (bits & PST_RECORDED_SOME_CONFIGURED) != 0;
	findings->rcpt_kinds[PST_RCPT_ENFORCED] =
	    (bits & PST_RECORDED_SOME_ENFORCED) != 0;
	findings->too_young = (bits & PST_RECORDED_TOO_YOUNG) != 0;
}

/* After the envelope, which is before it. */
static void
read_findings(struct reading *reading, struct pst_record_in *in)
{
	struct pst_findings *findings = &reading->message->findings;
	unsigned bits;

	findings->exempt = pst_record_take_enum(in, &pst_numbers_exempt);
	bits = pst_record_take_unsigned(in);
	read_findings_bits(findings, bits);
	if ((bits & PST_RECORDED_HAS_CLIENT) != 0)
		findings->client = reading->message->client;
	findings->bucket = pst_record_take_unsigned(in);
	findings->mail_from = pst_record_take_text(in);
	findings->mail_from_local = pst_record_take_octets(in);
	findings->arc_sealer = pst_record_take_text(in);
	findings->indirect = pst_record_take_text(in);
	findings->claims = pst_record_take_text(in);
	findings->unverified = pst_record_take_text(in);
	findings->indirect_comment = pst_record_take_text(in);
	findings->date_s = pst_record_take_signed(in);
}

static void
read_claims(struct reading *reading, struct pst_record_in *in)
{
	struct pst_findings *findings = &reading->message->findings;
	struct pst_claim *claims = pst_arena_array(
	    reading->source.arena, PST_CLAIMS_MAX, sizeof(*claims));

	findings->claimed = claims;
	while (in->len > 0 && findings->claimed_count < PST_CLAIMS_MAX) {
		struct pst_claim *claim = &claims[findings->claimed_count++];

		claim->kind = pst_record_take_enum(in, &pst_numbers_claim);
		claim->domain = pst_record_take_text(in);
	}
}

static void
read_known(struct reading *reading, struct pst_record_in *in)
{
	struct pst_findings *findings = &reading->message->findings;
	struct pst_known_domain *known =
	    pst_arena_array(reading->source.arena, MAX_KNOWN, sizeof(*known));

	findings->known = known;
	while (in->len > 0 && findings->known_count < MAX_KNOWN) {
		struct pst_known_domain *one = &known[findings->known_count++];

		one->domain = or_empty(pst_record_take_text(in));
		one->days = pst_record_take_unsigned(in);
	}
}

static void
read_check(struct reading *reading, unsigned number, struct pst_record_in *in)
{
	struct pst_findings *findings = &reading->message->findings;

	if (findings->exempt != PST_EXEMPT_NO)
		return;
	for (size_t i = 0; i < pst_check_count; i++) {
		if (pst_checks[i]->restore != NULL &&
		    pst_checks[i]->record_number == number)
			pst_checks[i]->restore(
			    in, findings, &findings->check_states[i]);
	}
}

/* ---- the decision ---- */

static void
read_insert(struct reading *reading, struct pst_record_in *in)
{
	struct pst_message *message = reading->message;
	struct pst_decision *d = &message->decision;
	struct pst_edit *edit = &d->edits[d->edit_count++];

	edit->op = PST_EDIT_INSERT;
	edit->name = pst_record_take_words(in);
	edit->index = pst_record_take_unsigned(in);
	edit->value = or_empty(pst_record_take_words(in));
	if (edit->name != NULL)
		return;
	edit->name = PST_AUTHRES_NAME;
	edit->value = pst_edits_result_field(reading->source.arena,
	    message->authserv_id, &message->findings, d->remark);
}

static void
read_deletes(struct reading *reading, struct pst_record_in *in)
{
	struct pst_decision *d = &reading->message->decision;
	const char *name = pst_record_take_words(in);
	unsigned index = pst_record_take_unsigned(in);
	unsigned count = pst_record_take_unsigned(in);

	if (count > index || count > PST_RECORDED_MAX_EDITS - d->edit_count) {
		pst_record_is_bad(in);
		return;
	}
	for (; count > 0; count--) {
		struct pst_edit *edit = &d->edits[d->edit_count++];

		edit->op = PST_EDIT_DELETE;
		edit->name = name == NULL ? PST_AUTHRES_NAME : name;
		edit->index = index--;
	}
}

/* Returns how many edits there will be, at most. */
static size_t
count_edits(struct pst_record_in in)
{
	struct pst_record_in section;
	size_t count = 0;
	unsigned tag;

	while (pst_record_next(&in, &tag, &section)) {
		count++;
		if (tag != PST_RECORDED_EDIT_DELETE)
			continue;
		(void)pst_record_take_words(&section);
		(void)pst_record_take_unsigned(&section);
		count +=
		    pst_record_take_number(&section, PST_RECORDED_MAX_EDITS);
	}
	return count;
}

static void
read_edits(struct reading *reading, struct pst_record_in *in)
{
	struct pst_decision *d = &reading->message->decision;
	size_t most = count_edits(*in);
	struct pst_record_in section;
	unsigned tag;

	if (most == 0 || most > (size_t)2 * PST_RECORDED_MAX_EDITS) {
		reading->source.bad |= most > 0;
		return;
	}
	d->edits =
	    pst_arena_array(reading->source.arena, most, sizeof(*d->edits));
	while (!reading->source.bad && pst_record_next(in, &tag, &section)) {
		if (tag == PST_RECORDED_EDIT_INSERT &&
		    d->edit_count < PST_RECORDED_MAX_EDITS)
			read_insert(reading, &section);
		else if (tag == PST_RECORDED_EDIT_DELETE)
			read_deletes(reading, &section);
	}
}

static void
read_decision(struct reading *reading, struct pst_record_in *in)
{
	struct pst_decision *d = &reading->message->decision;
	struct pst_done *done = &reading->message->done;
	unsigned bits;

	d->action = pst_record_take_enum(in, &pst_numbers_action);
	d->would = pst_record_take_enum(in, &pst_numbers_action);
	bits = pst_record_take_unsigned(in);
	d->monitored = (bits & PST_RECORDED_MONITORED) != 0;
	d->unsure = (bits & PST_RECORDED_UNSURE) != 0;
	d->skip = (bits & PST_RECORDED_SKIP) != 0;
	d->titled = (bits & PST_RECORDED_TITLED) != 0;
	d->undecided = (bits & PST_RECORDED_UNDECIDED) != 0;
	done->edited = (bits & PST_RECORDED_EDITED) != 0;
	d->rule = or_empty(pst_record_take_words(in));
	d->mixed = pst_record_take_text(in);
	d->reason = pst_record_take_enum(in, &pst_numbers_reason);
	d->comment = pst_record_take_words(in);
	d->code = pst_record_take_unsigned(in);
	d->xcode = pst_record_take_text(in);
	d->text = pst_record_take_words(in);
	d->quarantine_reason = pst_record_take_words(in);
	done->action = pst_record_take_enum(in, &pst_numbers_action);
	done->code = pst_record_take_unsigned(in);
	done->failed = pst_record_take_text(in);
	if (d->code != 0 && (d->xcode == NULL || d->text == NULL))
		pst_record_is_bad(in);
	if (!reading->source.bad)
		read_edits(reading, in);
}

/* ---- all of it ---- */

static void
read_section(struct reading *reading, unsigned tag, struct pst_record_in *in)
{
	switch (tag) {
	case PST_RECORDED_ENVELOPE:
		read_envelope(reading, in);
		break;
	case PST_RECORDED_FROM:
		read_from(reading, in);
		break;
	case PST_RECORDED_FINDINGS:
		read_findings(reading, in);
		break;
	case PST_RECORDED_DECISION:
		reading->decision = *in;
		break;
	case PST_RECORDED_HEADER:
		pst_recorded_read_header(in, reading->header);
		break;
	case PST_RECORDED_RCPTS:
	case PST_RECORDED_RCPT_DOMAINS:
	case PST_RECORDED_RCPTS_AS:
	case PST_RECORDED_RCPTS_HELD:
		pst_recorded_read_rcpts(tag, in, reading->recorded);
		break;
	case PST_RECORDED_CLIENT_HELD:
		pst_recorded_read_nets(in, &reading->message->findings);
		break;
	case PST_RECORDED_DNS:
		pst_recorded_read_dns(in, reading->dns);
		break;
	case PST_RECORDED_KNOWN:
		read_known(reading, in);
		break;
	case PST_RECORDED_CLAIMS:
		read_claims(reading, in);
		break;
	case PST_RECORDED_FIELDS:
		pst_recorded_read_fields(
		    in, reading->message, &reading->header->swept);
		break;
	case PST_RECORDED_OWN:
		pst_recorded_read_own(in, &reading->message->findings);
		break;
	case PST_RECORDED_CONFIG: /* has been read */
		break;
	default:
		if (tag >= PST_RECORDED_CHECK)
			read_check(reading, tag - PST_RECORDED_CHECK, in);
	}
}

/* Whether a failed look-up is there if the message is to be deferred for one. */
static bool
has_cause(const struct pst_findings *findings)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;
	enum pst_course course =
	    pst_undetermined_course(pst_undetermined_policy(dmarc),
		dmarc->identifiers, PST_CAP_NOT_REACHED);

	if (course != PST_COURSE_DEFER ||
	    !pst_dmarc_is_certain(dmarc->knowledge) || dmarc->spf_undecided ||
	    dmarc->spf_may_align)
		return true;
	for (size_t i = 0; i < findings->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		if (sig->may_align ||
		    (sig->aligned && sig->result == PST_RESULT_TEMPERROR))
			return true;
	}
	return false;
}

/*
 * Sections come once, after those that they need. The decision is read last,
 * since our own result field is made of the findings.
 */
static bool
is_in_order(const bool *had, unsigned tag)
{
	if (had[tag])
		return false;
	if (tag == PST_RECORDED_ENVELOPE)
		return true;
	return had[PST_RECORDED_ENVELOPE] &&
	    (tag < PST_RECORDED_CHECK || had[PST_RECORDED_FINDINGS]);
}

static void
read_sections(struct reading *reading, struct pst_record_in *in)
{
	bool had[PST_RECORD_MAX_TAG + 1] = {false};
	struct pst_record_in section;
	unsigned tag;

	while (!reading->source.bad && pst_record_next(in, &tag, &section)) {
		if (!is_in_order(had, tag)) {
			reading->source.bad = true;
			return;
		}
		had[tag] = true;
		read_section(reading, tag, &section);
	}
	if (!had[PST_RECORDED_FINDINGS] ||
	    !has_cause(&reading->message->findings))
		reading->source.bad = true;
	if (!reading->source.bad)
		read_decision(reading, &reading->decision);
}

/* Those that an older version did not know are 0. */
static void
read_fingerprints(struct pst_recorded *recorded, struct pst_str octets)
{
	for (size_t i = 0;
	     i < PST_FINGERPRINTS * PST_RECORDED_PRINT_BYTES && i < octets.len;
	     i++)
		recorded->fingerprints[i / PST_RECORDED_PRINT_BYTES] |=
		    (uint32_t)(unsigned char)octets.ptr[i]
		    << i % PST_RECORDED_PRINT_BYTES * 8;
}

/*
 * Reads what there is of the configuration of that time, and takes that of the
 * listener. It comes before all else, since the header has the fields that this
 * one watches.
 */
static void
read_config(struct reading *reading, struct pst_record_in in)
{
	struct pst_recorded *recorded = reading->recorded;
	struct pst_record_in section;
	unsigned tag;

	while (pst_record_next(&in, &tag, &section)) {
		if (tag != PST_RECORDED_CONFIG)
			continue;
		recorded->socket = pst_record_take_text(&section);
		read_fingerprints(recorded, pst_record_peek_octets(&section));
		break;
	}
	reading->config = recorded->socket == NULL ?
	    pst_config_ref(reading->config) :
	    pst_config_for_socket(reading->config, recorded->socket);
	for (size_t i = 0; i < PST_FINGERPRINTS; i++)
		recorded->same[i] = recorded->fingerprints[i] ==
		    reading->config->fingerprints[i];
}

static void
open_header(struct reading *reading)
{
	const struct pst_header_limits none = {SIZE_MAX, SIZE_MAX, SIZE_MAX};

	pst_header_init(reading->header, reading->source.arena, none);
	pst_edits_watch(reading->header, reading->config);
}

static void
release_config(void *handle)
{
	pst_config_unref(handle);
}

static void
open_message(struct reading *reading)
{
	struct pst_arena *arena = reading->source.arena;
	struct pst_clock *clock = pst_arena_alloc(arena, sizeof(*clock));
	struct pst_message *message = reading->message;
	const struct pst_dns_limits nothing = {.max_queries = 0};

	*clock = pst_clock_manual(0);
	reading->header = pst_arena_alloc(arena, sizeof(*reading->header));
	open_header(reading);
	reading->dns = pst_dns_open(arena, NULL, clock, nothing);
	message->client_name = message->queue_id = message->authserv_id = "";
	message->helo = message->mail_from = message->rcpt = PST_STR("");
	message->findings.check_states = pst_arena_array(
	    arena, pst_check_count, sizeof(*message->findings.check_states));
	message->header = reading->header;
	message->dns = reading->dns;
	message->config = reading->config;
	pst_arena_defer(arena, release_config, reading->config);
	pst_record_begin(&reading->decision, PST_STR(""), &reading->source);
}

/* Reads the mode from the marks; false if it is not one of ours. */
static bool
read_marks(unsigned marks, struct pst_recorded *out)
{
	static const enum pst_recorded_rcpts modes[] = {PST_RECORDED_RCPTS_FULL,
	    PST_RECORDED_RCPTS_DOMAIN, PST_RECORDED_RCPTS_NONE};
	size_t mode = marks >> PST_RECORDED_RCPTS_SHIFT & 3;

	out->cut = (marks & PST_RECORDED_CUT) != 0;
	out->dns_cut = (marks & PST_RECORDED_DNS_CUT) != 0;
	if (mode >= PST_COUNT(modes))
		return false;
	out->rcpts = modes[mode];
	return true;
}

bool
pst_recorded_read(struct pst_arena *arena, struct pst_str octets,
    struct pst_config *config, struct pst_recorded *out, struct pst_err *err)
{
	struct reading reading = {.source = {.arena = arena},
	    .config = config,
	    .recorded = out,
	    .message = &out->message};
	struct pst_record_in in;
	uint64_t version;

	memset(out, 0, sizeof(*out));
	pst_record_begin(&in, octets, &reading.source);
	version = pst_record_take_number(&in, UINT64_MAX);
	if (version != PST_RECORDED_VERSION && version != 0)
		return pst_err_set(err,
		    "this entry was written by another version of Postern; "
		    "read it with that version or a newer one");
	if (octets.len <= PST_RECORDED_MAX &&
	    read_marks(pst_record_take_unsigned(&in), out) && version != 0) {
		read_config(&reading, in);
		open_message(&reading);
		read_sections(&reading, &in);
		if (out->same[PST_FINGERPRINT_RULES]) {
			out->message.findings.rcpt_held = out->rcpt_held;
			out->message.findings.rcpt_held_count =
			    out->rcpt_held_count;
		}
		if (!reading.source.bad)
			return true;
	}
	return pst_err_set(err,
	    "this entry is damaged, or a newer version of Postern has written "
	    "it; the other entries are not affected");
}
