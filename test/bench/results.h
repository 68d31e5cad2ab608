/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measured figures. A bench opens its results under its own name, adds rows, and closes: that
 * writes NAME.json (a list of rows) and NAME.about (what was compared, on what data and how) into
 * the folder named by PEHRA_RESULTS, else build/results. scripts/bench-report reads both.
 *
 * A goal that is missed stays in the file as missed; it never fails the bench. What cannot be
 * measured (a peer is not installed) gets no row: say so on standard error and leave it out.
 */
#pragma once

#include "base/buf.h"

enum result_goal {
	RESULT_NO_GOAL = 0,
	RESULT_AT_LEAST, /* met when value >= goal */
	RESULT_AT_MOST   /* met when value <= goal */
};

struct result_row {
	const char *name; /* "lookup.v4.random.1M": dotted, from the general to the particular */
	const char *unit; /* "ns", "M/s", "bytes", "x" */
	double value;     /* finite */
	enum result_goal goal_kind;
	/*
	 * In the value's unit. Where the goal is a ratio ("twice as fast as the peer"), the caller
	 * says what that is here: peer_value * 0.5 ns with RESULT_AT_MOST.
	 */
	double goal;
	const char *peer;  /* "DPDK rte_fib 22.11", NULL without one */
	double peer_value; /* measured in the same run, same unit; > 0; only with a peer */
};

struct results;

/* name: letters, digits, '-' and '_'. about: one to three sentences. Copies both. */
struct results *results_open(const char *name, const char *about);
/* Copies the row and prints it as one line. ratio in the file is value / peer_value. */
void results_add(struct results *results, const struct result_row *row);
/* Writes the files, each replaced as a whole, and frees (for CLEANUP). Ends the process when it
 * cannot write: a bench whose figures are lost has failed. */
void results_close(struct results **results);
