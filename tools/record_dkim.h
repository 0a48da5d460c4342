/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_RECORD_DKIM_H
#define PST_TOOLS_RECORD_DKIM_H

/* `postern record dkim`: a key pair, and whether what is published matches. */

#include "tools/record_ask.h"

/* Prints a record for a zone file and for the form of a web panel. */
void pst_record_print(const struct pst_made_record *record);

/* Waits for the answer to one question; *dns has it as its only entry. */
struct pst_record_door {
	struct pst_service *service; /* NULL: it could not be started */
	struct pst_clock clock;
	struct pst_arena *arena;
	struct pst_world world;
	int64_t until_ms;
};

/* Opens the door to the DNS; false after a sentence. The door is closed with
 * pst_record_door_close() after success. */
bool pst_record_door_open(const struct pst_record_request *request,
    struct pst_record_door *door) PST_MUST_CHECK;
/* Waits until some answer has arrived, or the time is over. */
void pst_record_door_wait(struct pst_record_door *door);
void pst_record_door_close(struct pst_record_door *door);

/* Both return the exit status. */
int pst_record_make_key(const struct pst_record_request *request);
int pst_record_verify_key(const struct pst_record_request *request);

#endif
