/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The forms in which feeds are written. One file per format (format_*.c), one signature, one table.
 *
 * A bad line costs that line. A bad document costs that document: nothing of it is offered before
 * the whole was parsed.
 */
#pragma once

#include "evidence/query.h"
#include "feed/intake.h"
#include "feed/sniff.h"

enum feed_format_kind { FORMAT_LINES, FORMAT_DOCUMENT };

struct feed_format {
	struct str name;
	struct str doc; /* one line for people */
	enum feed_format_kind kind;
	/*
	 * Says nothing of what attacks: refused unless the feed's purpose is this. PURPOSE_CLAIMS:
	 * for any purpose.
	 */
	enum source_purpose purpose;
	/* Reads the member of intake->input to its end. */
	enum err (*parse)(struct feed_intake *intake, struct why *why);
	/* FORMAT_LINES: is a line without a comment of this form? Else NULL. */
	bool (*line_looks)(struct str line);
	/* Judges the sample whole; NULL: the share of line_looks(). Both NULL: never sniffed. */
	bool (*sample_looks)(const struct sniff_sample *sample);
	/* Used when the definition maps nothing; NULL for formats without mapping. */
	const struct feed_mapping *mapping;
};

/* NULL when there is none of this name ("auto" is none). */
const struct feed_format *feed_format_find(struct str name);
size_t feed_format_count(void);
/* In the order of the table: the special ones before the general ones. */
const struct feed_format *feed_format_at(size_t i);

/*
 * The format of a sample by itself and the name, or ERR_UNSUPPORTED with what was seen and the
 * closest candidates.
 */
NODISCARD enum err feed_format_sniff(
	const struct sniff_sample *sample, const struct feed_format **out, struct why *why);
