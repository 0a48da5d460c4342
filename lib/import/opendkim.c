/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/opendkim.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "import/dataset.h"
#include "import/opendkim_own.h"

#define MAX_LEVEL 5 /* of Include, as opendkim has it */
#define MAX_SETTINGS 10000
#define MAX_INCLUDES 100 /* in all: files may include each other */

/* A line of the file: its first word, and the rest. */
static bool
split_line(struct pst_str line, struct pst_str *name, struct pst_str *value)
{
	size_t end = 0;

	line = pst_str_trim(line);
	while (end < line.len && !pst_is_wsp(line.ptr[end]))
		end++;
	*name = pst_str_first(line, end);
	*value = pst_str_trim(pst_str_from(line, end));
	return name->len > 0;
}

bool
pst_opendkim_is_conf(const char *name, struct pst_str text)
{
	const char *slash = strrchr(name, '/');
	struct pst_str line, word, value;
	size_t known = 0, unknown = 0;

	if (strcmp(slash == NULL ? name : slash + 1, "opendkim.conf") == 0)
		return true;
	text = pst_str_first(text, 65536);
	while (pst_dataset_line(&text, &line))
		if (split_line(line, &word, &value)) {
			if (pst_opendkim_option(word) != NULL)
				known++;
			else
				unknown++;
		}
	return known >= 3 && known > 4 * unknown;
}

/* ---- reading ---- */

static bool
is_switch(struct pst_str value)
{
	return value.len > 0 && strchr("tTyY1fFnN0", value.ptr[0]) != NULL;
}

static bool
is_number(struct pst_arena *arena, struct pst_str value)
{
	const char *text = pst_arena_memdup(arena, value.ptr, value.len);
	char *end;

	(void)strtol(text, &end, 0);
	return end != text && *end == '\0';
}

/* Returns why opendkim does not start with this line; NULL if it does. */
static const char *
fault_of(struct pst_arena *arena, const struct pst_opendkim_option *option,
    struct pst_str value)
{
	if (option == NULL || option->fate == PST_OPENDKIM_GONE)
		return "opendkim 2.11 does not know this option and does not "
		       "start with it. Remove the line, or look for a typing "
		       "error.";
	if (value.len == 0)
		return "The value is missing, and opendkim does not start with "
		       "this. Remove the line, or write the value.";
	if (pst_import_is_template(value))
		return option->fate == PST_OPENDKIM_DROP ?
		    NULL :
		    "This is a placeholder of a template: import the file "
		    "that is made from it.";
	if ((option->type == PST_OPENDKIM_SWITCH && !is_switch(value)) ||
	    (option->type == PST_OPENDKIM_NUMBER && !is_number(arena, value)))
		return "opendkim does not start with this value.";
	return NULL;
}

static void
add_setting(struct pst_opendkim_settings *settings,
    const struct pst_opendkim_option *option, const struct pst_import_at *at)
{
	struct pst_opendkim_setting *grown;

	for (size_t i = 0; i < settings->count; i++)
		if (settings->items[i].option == option)
			settings->items[i].in_effect = false;
	if (settings->count == settings->room) {
		settings->room = settings->room == 0 ? 64 : 2 * settings->room;
		grown = pst_arena_array(
		    settings->import->arena, settings->room, sizeof(*grown));
		if (settings->count > 0)
			memcpy(grown, settings->items,
			    settings->count * sizeof(*grown));
		settings->items = grown;
	}
	settings->items[settings->count++] = (struct pst_opendkim_setting){
	    .option = option, .at = *at, .in_effect = true};
}

static void read_text(struct pst_opendkim_settings *settings, const char *file,
    struct pst_str text, unsigned level);

static void
include(struct pst_opendkim_settings *settings, const struct pst_import_at *at,
    unsigned level)
{
	struct pst_import *import = settings->import;
	struct pst_str text;
	struct pst_err err;
	const char *path =
	    pst_arena_memdup(import->arena, at->value.ptr, at->value.len);

	if (level == MAX_LEVEL || settings->includes == MAX_INCLUDES) {
		pst_import_add(import, PST_IMPORT_ANSWER, at,
		    "Files include each other too often or more than five "
		    "levels deep: the file was not read.",
		    NULL);
		return;
	}
	settings->includes++;
	if (!import->files.read(
		import->files.arg, import->arena, path, &text, &err)) {
		pst_import_add(import, PST_IMPORT_ANSWER, at,
		    pst_arena_printf(import->arena, "Not read: %s.", err.text),
		    NULL);
		return;
	}
	pst_import_add(import, PST_IMPORT_TAKEN, at, "read", NULL);
	read_text(settings, path, text, level + 1);
}

static void
take_line(struct pst_opendkim_settings *settings, struct pst_import_at *at,
    struct pst_str name, unsigned level)
{
	struct pst_import *import = settings->import;
	const struct pst_opendkim_option *option = pst_opendkim_option(name);
	const char *fault;

	if (option == NULL && pst_str_ieq(name, PST_STR("Include"))) {
		at->option = "Include";
		include(settings, at, level);
		return;
	}
	at->option = option != NULL ?
	    option->name :
	    pst_escaped(import->arena, pst_str_first(name, 60));
	fault = fault_of(import->arena, option, at->value);
	if (fault != NULL)
		pst_import_add(import, PST_IMPORT_ANSWER, at, fault, NULL);
	else if (settings->count < MAX_SETTINGS)
		add_setting(settings, option, at);
}

static void
read_text(struct pst_opendkim_settings *settings, const char *file,
    struct pst_str text, unsigned level)
{
	struct pst_str line, name;
	struct pst_import_at at = {.file = file};

	while (pst_dataset_line(&text, &line)) {
		at.line++;
		if (split_line(line, &name, &at.value))
			take_line(settings, &at, name, level);
	}
}

/* ---- what becomes of it ---- */

static bool
is_harmless(const struct pst_opendkim_option *option, struct pst_str value)
{
	if (option->harmless == NULL)
		return false;
	if (option->type != PST_OPENDKIM_SWITCH)
		return pst_str_ieq(value, pst_str(option->harmless));
	return (strchr("tTyY1", value.ptr[0]) != NULL) ==
	    (option->harmless[0] == 'y');
}

static void
take(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting)
{
	const struct pst_opendkim_option *option = setting->option;
	struct pst_import_at at = setting->at;
	enum pst_import_kind kind = PST_IMPORT_UNNEEDED;
	const char *text = option->text, *now = NULL;

	if (strncmp(option->name, "LDAP", 4) == 0)
		at.value = PST_STR("..."); /* perhaps a password */
	if (!setting->in_effect) {
		text = "It is set again below, and the last line counts.";
	} else if (is_harmless(option, at.value)) {
		text = "Postern does the same.";
	} else {
		switch (option->fate) {
		case PST_OPENDKIM_OWN:
			pst_opendkim_own(settings, setting);
			return;
		case PST_OPENDKIM_CHANGE:
			kind = PST_IMPORT_CHANGED;
			now = option->now;
			break;
		case PST_OPENDKIM_ASK:
			kind = PST_IMPORT_ANSWER;
			break;
		case PST_OPENDKIM_VERIFY:
			if (settings->verifies)
				kind = PST_IMPORT_ANSWER;
			else
				text = "It is about verifying, and opendkim "
				       "only signed.";
			break;
		case PST_OPENDKIM_DROP:
		case PST_OPENDKIM_GONE: /* never a setting */
			break;
		}
	}
	pst_import_add(settings->import, kind, &at, text, now);
}

static void
take_mode(struct pst_opendkim_settings *settings)
{
	const struct pst_opendkim_setting *setting =
	    pst_opendkim_setting(settings, "Mode");
	struct pst_str mode = PST_STR("sv");

	if (setting != NULL)
		mode = setting->at.value;
	settings->signs = pst_str_find(mode, 's') < mode.len;
	settings->verifies = pst_str_find(mode, 'v') < mode.len;
	if (!settings->signs && !settings->verifies)
		settings->signs = settings->verifies = true;
}

void
pst_opendkim_import(
    struct pst_import *import, const char *file, struct pst_str text)
{
	struct pst_opendkim_settings settings = {.import = import};
	const struct pst_opendkim_setting *base;

	read_text(&settings, file, text, 0);
	take_mode(&settings);
	base = pst_opendkim_setting(&settings, "BaseDirectory");
	if (base != NULL && pst_import_is_path(base->at.value))
		settings.base = pst_arena_memdup(
		    import->arena, base->at.value.ptr, base->at.value.len);
	for (size_t i = 0; i < settings.count; i++)
		take(&settings, &settings.items[i]);
}
