/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/record_dkim.h"

#include <stdio.h>
#include <string.h>

#include "auth/dkim_key.h"
#include "base/buf.h"
#include "tools/command.h"
#include "tools/ui.h"

static const char command[] = "record";

static const char *
type_word(enum pst_key_type type)
{
	return type == PST_KEY_RSA ? "rsa" : "ed25519";
}

static bool
make_record(const struct pst_record_request *request,
    const struct pst_key_pair *pair, struct pst_made_record *out,
    struct pst_err *err)
{
	const struct pst_make_dkim what = {
	    .domain = request->domain,
	    .selector = request->selector,
	    .type = type_word(pair->type),
	    .public_key = pair->public_p,
	};

	return pst_make_dkim(request->arena, &what, out, err);
}

int
pst_record_make_key(const struct pst_record_request *request)
{
	struct pst_made_record record;
	struct pst_key_pair pair;
	struct pst_err err;

	/* The key is written last: nothing is left if the rest is wrong. */
	if (!pst_key_pair_make(
		request->arena, request->type, request->bits, &pair, &err) ||
	    !make_record(request, &pair, &record, &err) ||
	    !pst_key_pair_write(&pair, request->key_file, &err))
		return pst_ui_fail(command, "%s", err.text);
	pst_ui_note(command,
	    "the private key is in %s (%s, %u bits); only your signer may read "
	    "it",
	    request->key_file, type_word(pair.type), pair.bits);
	pst_record_print(&record);
	printf("\nWhen it is published: postern record dkim %s --selector %s "
	       "--key %s --verify\n",
	    request->domain, request->selector, request->key_file);
	return PST_EXIT_OK;
}

/* Returns the key in the one form in which keys can be compared; or NULL. */
static const char *
normal_key(struct pst_arena *arena, struct pst_str text, enum pst_key_type type)
{
	struct pst_dkim_key key;

	if (!pst_dkim_key_read(arena, text,
		type == PST_KEY_RSA ? PST_DKIM_RSA_SHA256 :
				      PST_DKIM_ED25519_SHA256,
		0, &key))
		return NULL;
	return key.record;
}

/* Says how the answer compares with the record that the key requires. */
static int
compare(const struct pst_record_request *request,
    const struct pst_key_pair *pair, const struct pst_made_record *record,
    const struct pst_dns_answer *answer)
{
	const char *ours =
	    normal_key(request->arena, pst_str(record->text), pair->type);
	size_t matches = 0;

	if (pst_dns_is_temporary(answer->status)) {
		pst_ui_note(command,
		    "the look-up of %s failed (%s), so it is not known whether "
		    "the record matches; try again",
		    record->owner, pst_dns_status_word(answer->status));
		return PST_EXIT_OTHER;
	}
	for (size_t i = 0; i < answer->count; i++) {
		const char *theirs = normal_key(
		    request->arena, answer->records[i].data, pair->type);

		matches +=
		    ours != NULL && theirs != NULL && strcmp(ours, theirs) == 0;
	}
	if (matches > 0 && answer->count == 1) {
		printf("The record at %s matches the key in %s.\n",
		    record->owner, request->key_file);
		return PST_EXIT_OK;
	}
	if (answer->count == 0)
		printf("There is no record at %s, so signatures with this key "
		       "fail. Publish this one:\n\n",
		    record->owner);
	else if (matches > 0)
		printf("There are %zu records at %s, and one of them matches. "
		       "Signatures fail at random; keep this one only:\n\n",
		    answer->count, record->owner);
	else
		printf("The record at %s does not match the key in %s, so "
		       "signatures with it fail. Publish this one instead:\n\n",
		    record->owner, request->key_file);
	pst_record_print(record);
	return PST_EXIT_OTHER;
}

int
pst_record_verify_key(const struct pst_record_request *request)
{
	const struct pst_dns_entry *entry;
	struct pst_record_door door;
	struct pst_made_record record;
	struct pst_key_pair pair;
	struct pst_err err;
	int status;

	if (!pst_key_pair_read(
		request->arena, request->key_file, &pair, &err) ||
	    !make_record(request, &pair, &record, &err))
		return pst_ui_fail(command, "%s", err.text);
	if (!pst_record_door_open(request, &door))
		return PST_EXIT_USAGE;
	entry = pst_world_ask(
	    &door.world, PST_DNS_KEY, pst_str(record.owner), PST_DNS_TXT);
	while (entry->answer == NULL)
		pst_record_door_wait(&door);
	status = compare(request, &pair, &record, entry->answer);
	pst_record_door_close(&door);
	return status;
}
