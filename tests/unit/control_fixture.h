/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_CONTROL_FIXTURE_H
#define PST_TESTS_CONTROL_FIXTURE_H

/* A control socket in a directory of its own, and clients of it. */

#include <stddef.h>
#include <stdint.h>

#include "milter/control.h"

#define CONTROL_GROUP 54321 /* of the daemon, in tests that require root */

extern char control_path[64];
extern struct pst_control *the_control;

/* Makes the directory, runs the tests, and removes it; returns their result. */
int control_run(int (*run)(void));

/* For the setup of a test; the second has CONTROL_GROUP if we are root. */
int control_open(void **state);
int control_open_for_group(void **state);
/* For the teardown: asserts that the file is gone. */
int control_close(void **state);
void control_open_as(long gid);

/* Returns a connected socket; -1 if that is not allowed. */
int control_connect(void);
/* Connects, which must succeed, and sends these octets, or a frame. */
int control_ask_octets(const char *octets, size_t len);
int control_ask(const char *request);

/* Runs the supervisor's loop n times; or once, with its clock ahead. */
void control_turns(size_t n);
void control_turn_at(int64_t ahead_ms);

/*
 * Returns the text of the answer so far; NULL: nothing yet, and the connection
 * is open; "": the daemon hung up.
 */
const char *control_answer(int fd);

#endif
