/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/request.h"

#include <string.h>

#include "base/macros.h"
#include "web/views.h"

#define DEFAULT_DAYS 7
#define DEFAULT_DAYS_TEXT "7"

/* Every parameter of every page, with the longest value in octets. */
static const struct {
	const char *name;
	size_t max;
} known[] = {
    {"days", 2},
    {"sort", 16},
    {"key", PST_WEB_MAX_VALUE}, /* a row of a table */
    {"name", 255},              /* beginning or end of a name */
    {"match", 16},
    {"domain", 255},
    {"client", 64},
    {"q", PST_WEB_MAX_VALUE}, /* what is looked for */
    {"in", 8},                /* as what */
    {"action", 16},
    {"rule", 128},
    {"since", 32},
    {"until", 32},
    {"before", 20}, /* the next page begins there */
    {"skip", 8},
    {"accepted", 8},
    {"id", PST_WEB_MAX_VALUE}, /* of a message */
    {"seen", 20},
    {"by", 24}, /* what is summed up */
    {"mark", 16},
    {"gateway", 255},
    {"state", 32},
    {"page", 8},
};

/* The choices of "days". */
static const unsigned choices[] = {1, 7, 30, 90};

const char *
pst_web_param(const struct pst_web_request *request, const char *name)
{
	for (size_t i = 0; i < request->param_count; i++)
		if (strcmp(request->params[i].name, name) == 0)
			return request->params[i].value[0] == '\0' ?
			    NULL :
			    request->params[i].value;
	return NULL;
}

static bool
has(const struct pst_web_param *params, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(params[i].name, name) == 0)
			return true;
	return false;
}

/* Adds a value in percent-encoding; only RFC 3986's unreserved ones are kept. */
static void
add_value(struct pst_buf *buf, const char *value)
{
	for (; *value != '\0'; value++) {
		if (pst_is_alnum(*value) || strchr("-._~", *value) != NULL)
			pst_buf_add_char(buf, *value);
		else
			pst_buf_printf(buf, "%%%02X", (unsigned char)*value);
	}
}

static const char *
server_href(const struct pst_web_request *request, enum pst_web_view view,
    const struct pst_web_param *params, size_t count)
{
	struct pst_buf buf;
	char sign = '?';

	pst_buf_init(&buf, request->arena,
	    (size_t)PST_WEB_MAX_PARAMS * PST_WEB_MAX_VALUE * 4);
	/* An empty reference would be to the page that has the link. */
	pst_buf_add_text(
	    &buf, view == PST_WEB_OVERVIEW ? "./" : pst_web_views[view].name);
	for (size_t i = 0; i < count; i++) {
		pst_buf_add_char(&buf, sign);
		pst_buf_add_text(&buf, params[i].name);
		pst_buf_add_char(&buf, '=');
		add_value(&buf, params[i].value);
		sign = '&';
	}
	return pst_buf_str(&buf);
}

/* A page has one address only. */
static bool
is_default(const struct pst_web_param *param)
{
	return strcmp(param->name, "days") == 0 &&
	    strcmp(param->value, DEFAULT_DAYS_TEXT) == 0;
}

const char *
pst_web_href(const struct pst_web_request *request, enum pst_web_view view,
    const struct pst_web_param *params, size_t count)
{
	struct pst_web_param all[PST_WEB_MAX_PARAMS + 1];
	size_t n = 0;

	/* An empty value says nothing. */
	for (size_t i = 0; i < count && n < PST_WEB_MAX_PARAMS; i++) {
		if (params[i].value == NULL || params[i].value[0] == '\0')
			continue;
		if (strlen(params[i].value) > PST_WEB_MAX_VALUE)
			return NULL;
		if (!is_default(&params[i]))
			all[n++] = params[i];
	}
	if (request->days != DEFAULT_DAYS && !has(params, count, "days"))
		all[n++] = (struct pst_web_param){"days",
		    pst_arena_printf(request->arena, "%u", request->days)};
	if (request->site->export_name != NULL)
		return request->site->export_name(
		    request->site->export_arg, request->arena, view, all, n);
	return server_href(request, view, all, n);
}

static bool
find_view(const char *path, enum pst_web_view *out)
{
	if (path[0] == '/')
		path++;
	if (path[0] == '\0') {
		*out = PST_WEB_OVERVIEW;
		return true;
	}
	for (unsigned i = 0; i < PST_WEB_VIEWS; i++)
		if (strcmp(path, pst_web_views[i].name) == 0) {
			*out = (enum pst_web_view)i;
			return true;
		}
	return false;
}

static bool
check_param(
    const struct pst_web_param *param, unsigned *status, struct pst_err *err)
{
	*status = 400;
	for (size_t i = 0; i < PST_COUNT(known); i++) {
		if (strcmp(param->name, known[i].name) != 0)
			continue;
		if (strlen(param->value) <= known[i].max)
			return true;
		*status = 414;
		return pst_err_set(err,
		    "The value of \"%s\" in the address is longer than %zu "
		    "octets. Shorten what you search for.",
		    known[i].name, known[i].max);
	}
	return pst_err_set(err,
	    "The address has a parameter that these pages do not know. Go "
	    "back, or begin at the overview.");
}

static bool
read_days(const char *value, unsigned *days, struct pst_err *err)
{
	uint64_t number = 0;

	*days = DEFAULT_DAYS;
	if (value == NULL)
		return true;
	if (pst_str_to_u64(pst_str(value), PST_WEB_MAX_DAYS, &number))
		for (size_t i = 0; i < PST_COUNT(choices); i++)
			if (choices[i] == number) {
				*days = choices[i];
				return true;
			}
	return pst_err_set(err,
	    "The address asks for a number of days that is not offered: days "
	    "is 1, 7, 30 or 90.");
}

bool
pst_web_request_parse(struct pst_web_request *request, const char *path,
    const struct pst_web_param *params, size_t count, struct pst_err *err)
{
	request->days = DEFAULT_DAYS;
	request->param_count = 0;
	request->view = PST_WEB_OVERVIEW;
	if (!find_view(path, &request->view)) {
		request->status = 404;
		return pst_err_set(err,
		    "There is no page at this address. Begin at the overview.");
	}
	request->status = 400;
	if (count > PST_WEB_MAX_PARAMS)
		return pst_err_set(err,
		    "The address has more than %d parameters. Begin at the "
		    "overview.",
		    PST_WEB_MAX_PARAMS);
	for (size_t i = 0; i < count; i++) {
		if (!check_param(&params[i], &request->status, err))
			return false;
		/* Two values of one name would let a link say one thing and
		 * do another. */
		if (has(request->params, request->param_count, params[i].name))
			return pst_err_set(err,
			    "The address has \"%s\" twice. Begin at the "
			    "overview.",
			    params[i].name);
		request->params[request->param_count++] = params[i];
	}
	if (!read_days(pst_web_param(request, "days"), &request->days, err))
		return false;
	request->status = 200;
	return true;
}
