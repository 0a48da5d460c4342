/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_PROBE_H
#define PST_SURVEY_PROBE_H

/*
 * A label that nobody has made. An answer for it is that of a wildcard. It is
 * the same in each survey, so that a survey can be repeated.
 */
#define PST_PROBE_LABEL "postern-no-such-name-7c1f"

#endif
