/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_EXPORT_H
#define PST_WEB_EXPORT_H

/*
 * The same pages as files, for those who put them elsewhere: an archive, a
 * ticket, a web server without programs. What needs a question, such as a
 * search, is left out.
 */

#include "base/err.h"
#include "web/request.h"

/*
 * Writes the pages into a new directory beside `directory`, which then takes
 * its place: it is complete, or as it was before. It must not exist, be empty, or
 * be an earlier export. False with a sentence in err, also when stop() returned
 * true, which is called before each page. *pages is the number of pages.
 *
 * Sets the members of site that belong to an export.
 */
bool pst_web_export(struct pst_web_site *site, const char *directory,
    bool (*stop)(void), size_t *pages, struct pst_err *err) PST_MUST_CHECK;

#endif
