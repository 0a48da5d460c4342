/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SPF_PRINT_H
#define PST_CORE_SPF_PRINT_H

/* What the rows of SPF and of its HELO identity print and record alike. */

#include "core/check.h"

/* Octets of the term in the log; whoever owns the domain chooses it. */
#define PST_SPF_MAX_LOG_TERM 80

/* "RESULT:DOMAIN", and ":TERM" if a term decided. */
void pst_spf_print_log(struct pst_buf *buf, const struct pst_spf *spf);

/* The rest of a line, with its end, after pst_print_label(). */
void pst_spf_print_text(struct pst_buf *buf, const struct pst_spf *spf);

/* Adds an object of that name. */
void pst_spf_print_json(
    struct pst_json *json, const char *name, const struct pst_spf *spf);

/* As record() and restore() of a check. */
void pst_spf_record(struct pst_record_out *out, const struct pst_spf *spf);
void pst_spf_restore(struct pst_record_in *in, struct pst_spf *spf);

#endif
