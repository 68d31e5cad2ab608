/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/progress.h"

void progress_start(struct progress *progress)
{
	must(pthread_mutex_init(&progress->mutex, NULL) == 0);
}

void progress_done(struct progress *progress)
{
	for (size_t i = 0; i < PROGRESS_KEPT; i++)
		buf_done(&progress->kept[i].json);
	must(pthread_mutex_destroy(&progress->mutex) == 0);
}

/* Runs are numbered one by one, so a run takes the place of the one PROGRESS_KEPT before it. */
void progress_note(struct progress *progress, int64_t run, struct str json)
{
	size_t at = (uint64_t)run % PROGRESS_KEPT;

	must(pthread_mutex_lock(&progress->mutex) == 0);
	progress->kept[at].run = run;
	buf_clear(&progress->kept[at].json);
	buf_str(&progress->kept[at].json, json);
	must(pthread_mutex_unlock(&progress->mutex) == 0);
}

bool progress_find(struct progress *progress, int64_t run, struct buf *out)
{
	size_t at = (uint64_t)run % PROGRESS_KEPT;
	bool found;

	must(pthread_mutex_lock(&progress->mutex) == 0);
	found = progress->kept[at].run == run && progress->kept[at].json.n > 0;
	if (found)
		buf_str(out, buf_view(&progress->kept[at].json));
	must(pthread_mutex_unlock(&progress->mutex) == 0);
	return found;
}
