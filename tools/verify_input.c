/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/verify_input.h"

#include <string.h>
#include <sys/stat.h>

#include "feedback/mailbox.h"
#include "tools/message.h"

/* One file, while its messages arrive. */
struct input {
	const char *name;
	bool is_folder;
	struct pst_verify_visitor visitor;
	struct pst_arena *arena; /* of the first message of an mbox file */
	struct pst_str first; /* held until it is known whether it is alone */
	size_t count;         /* messages of an mbox file */
};

/* The length of ">...>From " at the beginning of text; 0: something else. */
static size_t
quote_length(struct pst_str text)
{
	size_t marks = 0;

	while (marks < text.len && text.ptr[marks] == '>')
		marks++;
	return marks > 0 &&
		pst_str_starts(pst_str_from(text, marks), PST_STR("From ")) ?
	    marks :
	    0;
}

struct pst_str
pst_verify_unquote(struct pst_arena *arena, struct pst_str message)
{
	char *copy = pst_arena_alloc(arena, message.len + 1);
	struct pst_str rest = message;
	size_t len = 0;

	while (rest.len > 0) {
		size_t line = pst_str_find(rest, '\n') + 1;
		struct pst_str text = pst_str_first(rest, line);

		rest = pst_str_from(rest, text.len);
		if (quote_length(text) > 0)
			text = pst_str_from(text, 1);
		memcpy(copy + len, text.ptr, text.len);
		len += text.len;
	}
	return (struct pst_str){copy, len};
}

static void
give(struct input *input, size_t number, struct pst_str octets)
{
	struct pst_arena *arena = pst_arena_new();

	input->visitor.message(input->visitor.arg, input->name, number,
	    pst_verify_unquote(arena, octets));
	pst_arena_free(arena);
}

/* Gives the first message to the visitor, once. */
static void
give_first(struct input *input, size_t number)
{
	if (input->arena == NULL)
		return;
	give(input, number, input->first);
	pst_arena_free(input->arena);
	input->arena = NULL;
}

static void
take(void *arg, const char *label, struct pst_str octets, bool is_message)
{
	struct input *input = arg;

	if (input->is_folder || !is_message) {
		input->visitor.message(input->visitor.arg, label, 0, octets);
		return;
	}
	if (++input->count == 1) {
		input->arena = pst_arena_new();
		input->first = (struct pst_str){
		    pst_arena_memdup(input->arena, octets.ptr, octets.len),
		    octets.len};
		return;
	}
	give_first(input, 1);
	give(input, input->count, octets);
}

static void
refuse(void *arg, const char *label, const char *why)
{
	struct input *input = arg;

	give_first(input, 1);
	input->count++;
	input->visitor.refused(input->visitor.arg, label, why);
}

bool
pst_verify_input_visit(
    const char *name, struct pst_verify_visitor visitor, struct pst_err *err)
{
	struct input input = {.name = name, .visitor = visitor};
	const struct pst_mailbox_visitor mailbox = {.document = take,
	    .refused = refuse,
	    .arg = &input,
	    .max_bytes = PST_MESSAGE_MAX_BYTES};
	struct stat st;
	bool ok;

	input.is_folder = strcmp(name, "-") != 0 && stat(name, &st) == 0 &&
	    S_ISDIR(st.st_mode);
	ok = pst_mailbox_visit(name, mailbox, err);
	give_first(&input, 0);
	return ok;
}
