/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/owner.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FOLDER_MODE = 0750, RECORD_BYTES = 4096 };

enum err owner_find(const char *data, const char *user, struct owner *out, struct why *why)
{
	struct passwd record;
	struct passwd *found = NULL;
	char room[RECORD_BYTES];
	struct stat folder;

	if (user == NULL) {
		if (stat(data, &folder) == -1)
			return fail_sys(why, "cannot reach the data folder %s", data);
		*out = (struct owner){ folder.st_uid, folder.st_gid };
		return OK;
	}
	if (getpwnam_r(user, &record, room, sizeof room, &found) != 0 || found == NULL)
		return fail(why, ERR_NOT_FOUND, "there is no user %s", user);
	*out = (struct owner){ found->pw_uid, found->pw_gid };
	return OK;
}

enum err owner_become(const struct owner *owner, struct why *why)
{
	if (setgroups(0, NULL) == -1 || setresgid(owner->gid, owner->gid, owner->gid) == -1 ||
		setresuid(owner->uid, owner->uid, owner->uid) == -1)
		return fail_sys(why, "cannot become user %u", (unsigned)owner->uid);
	if (owner->uid != 0 && (setresuid(0, 0, 0) != -1 || setresgid(0, 0, 0) != -1))
		return fail(why, ERR_DENIED, "the way back to root is open");
	return OK;
}

static enum err folder_ensure(const char *data, const char *user, struct why *why)
{
	struct owner owner;

	if (access(data, F_OK) == 0)
		return OK;
	TRY(folder_make(data, FOLDER_MODE, why));
	if (user == NULL || geteuid() != 0)
		return OK;
	TRY(owner_find(data, user, &owner, why));
	if (chown(data, owner.uid, owner.gid) == -1)
		return fail_sys(why, "cannot give %s to %s", data, user);
	return OK;
}

/* What the child says on its pipe, whole. */
struct outcome {
	enum err err;
	struct why why;
};

static void run_in_child(int out, const struct owner *owner,
	enum err (*work)(void *state, struct why *why), void *state)
{
	struct outcome outcome = { 0 };

	outcome.err = owner_become(owner, &outcome.why);
	if (outcome.err == OK)
		outcome.err = work(state, &outcome.why);
	(void)!write(out, &outcome, sizeof outcome);
}

static enum err outcome_take(int in, pid_t child, struct why *why)
{
	struct outcome outcome;
	ssize_t n;

	do
		n = read(in, &outcome, sizeof outcome);
	while (n == -1 && errno == EINTR);
	while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof outcome)
		return fail(why, ERR_CLOSED, "the work on the data folder ended without a word");
	if (outcome.err != OK && why != NULL)
		*why = outcome.why;
	return outcome.err;
}

enum err owner_run(const char *data, const char *user,
	enum err (*work)(void *state, struct why *why), void *state, struct why *why)
{
	struct owner owner;
	int ends[2];

	TRY(folder_ensure(data, user, why));
	TRY(owner_find(data, NULL, &owner, why));
	if (geteuid() != 0 || owner.uid == 0)
		return work(state, why);
	if (pipe2(ends, O_CLOEXEC) == -1)
		return fail_sys(why, "cannot make a pipe");

	CLEANUP(fd_close) int in = ends[0];
	CLEANUP(fd_close) int out = ends[1];
	pid_t child = fork();

	if (child == -1)
		return fail_sys(why, "cannot start a process");
	if (child == 0) {
		run_in_child(out, &owner, work, state);
		_exit(0);
	}
	fd_close(&out);
	return outcome_take(in, child, why);
}
