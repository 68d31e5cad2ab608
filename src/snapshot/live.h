/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The live copy: what local readers map (folder/live.pehra). Keeper alone writes it. A change is
 * seen by mapped readers at once, without lock or rebuild: each address shows its old or its new
 * verdict, never a mixture, and a keeper killed at any instruction leaves it so.
 */
#pragma once

#include "snapshot/build.h"

struct snapshot_live;

/*
 * Makes folder/live.next, the live copy of folder/generation.pehra, ready and synced. For the
 * process that builds: copying takes long, and keeper shall not wait for it.
 */
NODISCARD enum err snapshot_live_prepare(const char *folder, struct why *why);

/*
 * Maps folder/live.next for writing: what was prepared when it is the newest generation's, else
 * made now. Readers do not see it before snapshot_live_publish().
 */
NODISCARD enum err snapshot_live_next(
	const char *folder, struct snapshot_live **out, struct why *why);
/* Folder/live.next becomes folder/live.pehra, and the one it replaces is marked as superseded. */
NODISCARD enum err snapshot_live_publish(const char *folder, struct why *why);
/*
 * For a start: goes on with folder/live.pehra and the changes in it. False when it is not the
 * newest generation's, or older than this machine's start: a loss of power may have torn it.
 */
bool snapshot_live_continue(const char *folder, struct snapshot_live **out);
/* Both next and publish, when it does not go on: made anew from the generation. */
NODISCARD enum err snapshot_live_open(
	const char *folder, struct snapshot_live **out, struct why *why);
void snapshot_live_close(struct snapshot_live **live); /* for CLEANUP; the file stays */

/*
 * Puts an entry in place, or takes it out with verdict 0. The entry's verdict must have been
 * interned by snapshot_live_intern(). ERR_FULL when the spare room is used up: the change was not
 * made, and the caller builds a new generation.
 *
 * v4: any width; an entry more specific than this one keeps its own verdict. When an entry is taken
 * out, cover is what the addresses fall back to (the verdict of the closest wider entry, 0 if
 * none).
 */
NODISCARD enum err snapshot_live_put_v4(struct snapshot_live *live, const struct snapshot_v4 *entry,
	const struct snapshot_v4 *cover, struct why *why);
NODISCARD enum err snapshot_live_put_v6(struct snapshot_live *live, const struct snapshot_v6 *entry,
	const struct snapshot_v6 *cover, struct why *why);
NODISCARD enum err snapshot_live_put_text(
	struct snapshot_live *live, const struct snapshot_text *entry, struct why *why);
NODISCARD enum err snapshot_live_intern(struct snapshot_live *live,
	const struct pehra_verdict *verdict, const struct str *source_names, size_t source_count,
	uint16_t *out, struct why *why);
