/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parse role: PARSE brings a definition and a descriptor, CLAIMS go back batch by batch, PARSED
 * ends the job. It can touch nothing but that descriptor and its channels.
 *
 * A job that takes more memory or processor time than its limit kills the process: keeper sees the
 * loss of the peer, and the parent starts a new one.
 */
#pragma once

#include "proc/child.h"

enum {
	PARSE_CPU_S = 900,      /* processor time of one job */
	PARSE_PROGRESS_MS = 200 /* at least between two PARSE_PROGRESS */
};

int parse_role(struct child *child);
