/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_REQUEST_H
#define PST_WEB_REQUEST_H

/*
 * What a page is asked for, and links to other pages. The server and the export
 * make the same pages: only the links differ.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "web/daemon.h"
#include "web/html.h"
#include "web/keep.h"

enum pst_web_view {
	PST_WEB_OVERVIEW,
	PST_WEB_DOMAINS,    /* From domains */
	PST_WEB_DOMAIN,     /* one From domain: key */
	PST_WEB_SENDERS,    /* From domain and sending system */
	PST_WEB_SOURCES,    /* client networks */
	PST_WEB_RECIPIENTS, /* recipients' domains */
	PST_WEB_RULES,      /* rules and reasons */
	PST_WEB_ENFORCE,    /* what enforcing would do */
	PST_WEB_MESSAGES,   /* search */
	PST_WEB_MESSAGE,    /* one message, explained */
	PST_WEB_SENT,       /* reports sent, and their fate */
	PST_WEB_RECEIVED,   /* reports received: who sends as us */
	PST_WEB_GROUPED,    /* the same, by day, receiver and so on */
	PST_WEB_OWN,        /* our domains, as the daily review found them */
	PST_WEB_OWN_DOMAIN, /* one of them: key */
	PST_WEB_HEALTH,     /* the daemon */
};
#define PST_WEB_VIEWS (PST_WEB_HEALTH + 1)

/* A parameter of a page; the names and their limits are in web/request.c. */
struct pst_web_param {
	const char *name;
	const char *value;
};
#define PST_WEB_MAX_PARAMS 12
#define PST_WEB_MAX_VALUE 512 /* octets of a value, decoded */

/* What all requests share; immutable, except for what locks itself. */
struct pst_web_site {
	struct pst_config *config;
	struct pst_web_daemon *daemon;
	struct pst_web_keep *keep;
	/* Export: turns a page into the name of its file, and notes that it is
	 * to be made; NULL if there is no room for more. NULL: server. */
	const char *(*export_name)(void *arg, struct pst_arena *arena,
	    enum pst_web_view view, const struct pst_web_param *params,
	    size_t count);
	void *export_arg;
};

struct pst_web_request {
	const struct pst_web_site *site;
	struct pst_arena *arena;
	enum pst_web_view view;
	struct pst_web_param params[PST_WEB_MAX_PARAMS];
	size_t param_count;
	unsigned days;   /* the parameter "days": 1, 7 (default), 30 or 90 */
	int64_t now_s;   /* seconds since 1970 */
	unsigned status; /* after parsing: 200, or what is to be answered */
};

/* Returns the value of a parameter; NULL if it was not given, or is empty. */
const char *
pst_web_param(const struct pst_web_request *request, const char *name);

/*
 * Returns the address of a page, relative to every page, in the arena; NULL if
 * there must be no link. It keeps the days of this page, unless params have
 * "days". Values may be hostile.
 */
const char *pst_web_href(const struct pst_web_request *request,
    enum pst_web_view view, const struct pst_web_param *params, size_t count);

/* Reads what an address asks for: "domains?days=7". False with a sentence in err
 * if it is not one of ours; request->status is then 400, 404 or 414. */
bool pst_web_request_parse(struct pst_web_request *request, const char *path,
    const struct pst_web_param *params, size_t count,
    struct pst_err *err) PST_MUST_CHECK;

#endif
