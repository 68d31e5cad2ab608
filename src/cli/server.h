/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's parts put together: which roles run, what they inherit, what settings they get.
 */
#pragma once

#include "cli/arguments.h"
#include "config/config.h"
#include "feed/catalogue.h"
#include "proc/role.h"
#include "store/db.h"

/* The configuration of a verb: --data, --config, then the verb's own options. */
NODISCARD enum err server_config(
	struct config *out, const struct cli_arguments *arguments, struct why *why);

/* Makes the data folder what a server expects, catalogue included; what exists stays. */
NODISCARD enum err server_prepare(const char *data, const struct config *config, struct why *why);

/* The catalogue that a server of this data folder has, or the installed one before there is any. */
NODISCARD enum err server_catalogue_open(const struct cli_arguments *arguments,
	const struct config *config, struct feed_catalogue *out, struct why *why);

/* Every role and its main function, for role_run(). */
extern const struct process_role server_roles[];
extern const size_t server_role_count;

/* pehra serve: all roles, until a signal. */
NODISCARD enum err server_run(const struct cli_arguments *arguments, struct why *why);

/*
 * Keeper and parsers (and fetch) alone, for one command that found no server. Writes one byte to
 * ready when commands may be sent.
 */
NODISCARD enum err server_run_for_command(
	const struct cli_arguments *arguments, bool with_fetch, int ready, struct why *why);

/* The store of a verb that only reads. */
NODISCARD enum err server_store_open(
	const struct cli_arguments *arguments, struct db **out, struct why *why);
