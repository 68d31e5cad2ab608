/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/judging.h"

static void note_unknown(struct judgings *judgings, const struct score_model *model)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const struct score_role_model *of = &model->roles[role];

		atomic_store(
			&judgings->unknown[role], score_value(of->scale * of->prior + of->shift));
	}
}

void judgings_start(struct judgings *judgings)
{
	struct score_model model;

	must(pthread_mutex_init(&judgings->mutex, NULL) == 0);
	score_model_default(&model);
	note_unknown(judgings, &model);
}

static void judging_free(struct judging *judging)
{
	scoring_done(&judging->scoring);
	free(judging);
}

void judgings_done(struct judgings *judgings)
{
	if (judgings->now != NULL) {
		must(judgings->now->users == 0);
		judging_free(judgings->now);
	}
	judgings->now = NULL;
	must(pthread_mutex_destroy(&judgings->mutex) == 0);
}

void judgings_note(struct judgings *judgings)
{
	(void)atomic_fetch_add(&judgings->change, 1);
}

static enum err load(
	struct db *db, int64_t now_s, uint64_t change, struct judging **out, struct why *why)
{
	struct judging *judging = calloc(1, sizeof *judging);
	enum err err;

	must(judging != NULL);
	err = scoring_load(db, now_s, 0, &judging->scoring, why);
	if (err != OK) {
		free(judging);
		return err;
	}
	judging->change = change;
	judging->loaded_s = now_s;
	*out = judging;
	return OK;
}

static enum err take_locked(struct judgings *judgings, struct db *db, int64_t now_s,
	struct judging **out, struct why *why)
{
	/* read before loading: what happens meanwhile makes it old */
	uint64_t change = atomic_load(&judgings->change);
	struct judging *old = judgings->now;
	struct judging *fresh;

	if (old == NULL || old->change != change || now_s - old->loaded_s > JUDGING_AGE_S ||
		now_s < old->loaded_s) {
		TRY(load(db, now_s, change, &fresh, why));
		judgings->now = fresh;
		note_unknown(judgings, &fresh->scoring.model.score);
		if (old != NULL && old->users == 0)
			judging_free(old);
	}
	judgings->now->users++;
	*out = judgings->now;
	return OK;
}

enum err judging_take(struct judgings *judgings, struct db *db, int64_t now_s, struct judging **out,
	struct why *why)
{
	enum err err;

	must(pthread_mutex_lock(&judgings->mutex) == 0);
	err = take_locked(judgings, db, now_s, out, why);
	must(pthread_mutex_unlock(&judgings->mutex) == 0);
	return err;
}

/* One that was replaced goes with its last user. */
void judging_give_back(struct judgings *judgings, struct judging *judging)
{
	must(pthread_mutex_lock(&judgings->mutex) == 0);
	must(judging->users > 0);
	judging->users--;
	if (judging->users == 0 && judging != judgings->now)
		judging_free(judging);
	must(pthread_mutex_unlock(&judgings->mutex) == 0);
}
