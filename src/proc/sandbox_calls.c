/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * System calls by group (libseccomp). What is in no group of the role kills the process, and the
 * kernel's audit log names the call.
 */
#include "proc/sandbox_int.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A call of a group that is allowed as it is. */
struct call {
	unsigned groups;
	int number;
};

#define B CALLS_BASE
#define R CALLS_FILES_READ
#define W CALLS_FILES_WRITE
#define O CALLS_WRITE_OPEN
#define C CALLS_CLIENT
#define S CALLS_SERVER
#define T CALLS_THREADS
#define N CALLS_CHILDREN
#define A CALLS_SANITIZER

/* clang-format off */
static const struct call calls[] = {
	/* what is open already */
	{ B, SCMP_SYS(read) }, { B, SCMP_SYS(write) }, { B, SCMP_SYS(readv) }, { B, SCMP_SYS(writev) },
	{ B, SCMP_SYS(pread64) }, { B, SCMP_SYS(lseek) }, { B, SCMP_SYS(close) }, { B, SCMP_SYS(fstat) },
	{ B, SCMP_SYS(newfstatat) }, { B, SCMP_SYS(statx) }, { B, SCMP_SYS(fcntl) }, { B, SCMP_SYS(dup) },
	{ B, SCMP_SYS(sendmsg) }, { B, SCMP_SYS(recvmsg) }, { B, SCMP_SYS(fadvise64) },
	/* memory */
	{ B, SCMP_SYS(munmap) }, { B, SCMP_SYS(mremap) }, { B, SCMP_SYS(madvise) }, { B, SCMP_SYS(brk) },
	/* waiting and time */
	{ B, SCMP_SYS(poll) }, { B, SCMP_SYS(ppoll) }, { B, SCMP_SYS(select) }, { B, SCMP_SYS(pselect6) },
	{ B, SCMP_SYS(futex) }, { B, SCMP_SYS(nanosleep) }, { B, SCMP_SYS(clock_nanosleep) },
	{ B, SCMP_SYS(clock_gettime) }, { B, SCMP_SYS(clock_getres) }, { B, SCMP_SYS(gettimeofday) },
	{ B, SCMP_SYS(time) }, { B, SCMP_SYS(restart_syscall) }, { B, SCMP_SYS(sched_yield) },
	{ B, SCMP_SYS(setitimer) }, { B, SCMP_SYS(getitimer) }, { B, SCMP_SYS(alarm) },
	/* itself */
	{ B, SCMP_SYS(getpid) }, { B, SCMP_SYS(gettid) }, { B, SCMP_SYS(getppid) }, { B, SCMP_SYS(getuid) },
	{ B, SCMP_SYS(geteuid) }, { B, SCMP_SYS(getgid) }, { B, SCMP_SYS(getegid) }, { B, SCMP_SYS(getrandom) },
	{ B, SCMP_SYS(getrusage) }, { B, SCMP_SYS(times) }, { B, SCMP_SYS(uname) }, { B, SCMP_SYS(sysinfo) },
	{ B, SCMP_SYS(sched_getaffinity) }, { B, SCMP_SYS(getcpu) }, { B, SCMP_SYS(getrlimit) },
	{ B, SCMP_SYS(exit) }, { B, SCMP_SYS(exit_group) }, { B, SCMP_SYS(rt_sigaction) },
	{ B, SCMP_SYS(rt_sigprocmask) }, { B, SCMP_SYS(rt_sigreturn) }, { B, SCMP_SYS(sigaltstack) },
	/* event loops; they make nothing but descriptors of their own */
	{ R | C | S, SCMP_SYS(epoll_create1) }, { R | C | S, SCMP_SYS(epoll_ctl) },
	{ R | C | S, SCMP_SYS(epoll_wait) }, { R | C | S, SCMP_SYS(epoll_pwait) },
	{ R | C | S, SCMP_SYS(epoll_pwait2) }, { R | C | S, SCMP_SYS(eventfd2) },
	{ R | C | S, SCMP_SYS(pipe2) }, { R | C | S, SCMP_SYS(timerfd_create) },
	{ R | C | S, SCMP_SYS(timerfd_settime) }, { R | C | S, SCMP_SYS(timerfd_gettime) },
	{ R | C | S, SCMP_SYS(signalfd4) },
	/* names of files: reading */
	{ R, SCMP_SYS(openat) }, { R, SCMP_SYS(open) }, { R, SCMP_SYS(access) }, { R, SCMP_SYS(faccessat) },
	{ R, SCMP_SYS(faccessat2) }, { R, SCMP_SYS(stat) }, { R, SCMP_SYS(lstat) }, { R, SCMP_SYS(readlink) },
	{ R, SCMP_SYS(readlinkat) }, { R, SCMP_SYS(getdents64) }, { R, SCMP_SYS(getcwd) },
	{ R, SCMP_SYS(statfs) }, { R, SCMP_SYS(fstatfs) }, { R, SCMP_SYS(flock) }, { R, SCMP_SYS(readahead) },
	{ R, SCMP_SYS(mincore) }, { R, SCMP_SYS(mlock) }, { R, SCMP_SYS(munlock) }, { R, SCMP_SYS(preadv) },
	/* names of files: changing */
	{ W, SCMP_SYS(rename) }, { W, SCMP_SYS(renameat) }, { W, SCMP_SYS(renameat2) },
	{ W, SCMP_SYS(unlink) }, { W, SCMP_SYS(unlinkat) }, { W, SCMP_SYS(rmdir) }, { W, SCMP_SYS(mkdir) },
	{ W, SCMP_SYS(mkdirat) }, { W, SCMP_SYS(link) }, { W, SCMP_SYS(linkat) }, { W, SCMP_SYS(creat) },
	{ W, SCMP_SYS(chmod) }, { W, SCMP_SYS(fchmod) }, { W, SCMP_SYS(fchmodat) },
	{ W, SCMP_SYS(utimensat) }, { W, SCMP_SYS(umask) }, { W, SCMP_SYS(memfd_create) },
	{ W, SCMP_SYS(msync) }, { W, SCMP_SYS(copy_file_range) }, { W, SCMP_SYS(pwritev) },
	{ W, SCMP_SYS(sync_file_range) }, { W, SCMP_SYS(truncate) },
	/* files that are open */
	{ O, SCMP_SYS(pwrite64) }, { O, SCMP_SYS(ftruncate) }, { O, SCMP_SYS(fallocate) },
	{ O, SCMP_SYS(fsync) }, { O, SCMP_SYS(fdatasync) },
	/* network */
	{ C, SCMP_SYS(connect) }, { C | S, SCMP_SYS(bind) }, { C | S, SCMP_SYS(getsockname) },
	{ C | S, SCMP_SYS(getpeername) }, { C | S, SCMP_SYS(getsockopt) }, { C | S, SCMP_SYS(setsockopt) },
	{ C | S, SCMP_SYS(shutdown) }, { C | S, SCMP_SYS(sendto) }, { C | S, SCMP_SYS(recvfrom) },
	{ C | S, SCMP_SYS(sendmmsg) }, { C | S, SCMP_SYS(recvmmsg) }, { C, SCMP_SYS(socketpair) },
	{ S, SCMP_SYS(accept) }, { S, SCMP_SYS(accept4) }, { S, SCMP_SYS(listen) }, { S, SCMP_SYS(sendfile) },
	/* threads */
	{ T, SCMP_SYS(set_robust_list) }, { T, SCMP_SYS(get_robust_list) }, { T, SCMP_SYS(rseq) },
	{ T, SCMP_SYS(set_tid_address) }, { T, SCMP_SYS(membarrier) }, { T, SCMP_SYS(sched_setaffinity) },
	{ T, SCMP_SYS(sched_getparam) }, { T, SCMP_SYS(sched_getscheduler) },
	/* children; whom a signal reaches is Landlock's to say */
	{ N, SCMP_SYS(wait4) }, { N, SCMP_SYS(waitid) }, { N, SCMP_SYS(kill) }, { N, SCMP_SYS(getpriority) },
	{ N, SCMP_SYS(setpriority) },
	/* the sanitizers look at themselves before they report */
	{ A, SCMP_SYS(openat) }, { A, SCMP_SYS(readlink) }, { A, SCMP_SYS(readlinkat) },
	{ A, SCMP_SYS(pipe) }, { A, SCMP_SYS(pipe2) }, { A, SCMP_SYS(mmap) }, { A, SCMP_SYS(mprotect) },
	{ A, SCMP_SYS(prctl) }, { A, SCMP_SYS(getdents64) }, { A, SCMP_SYS(clone) }, { A, SCMP_SYS(personality) },
};
/* clang-format on */

#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
		CLONE_NEWPID | CLONE_NEWNET)

/* A call that is allowed, or refused with an error instead of death, for some arguments only. */
struct condition {
	unsigned groups;
	int number;
	int refusal; /* errno; 0 allows */
	bool has_argument;
	struct scmp_arg_cmp argument;
};

#define MASKED(index, mask, value)                                                       \
	true,                                                                            \
	{                                                                                \
		(index), SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), (scmp_datum_t)(value) \
	}
#define EQUALS(index, value)                                   \
	true,                                                  \
	{                                                      \
		(index), SCMP_CMP_EQ, (scmp_datum_t)(value), 0 \
	}
#define ANY                          \
	false,                       \
	{                            \
		0, SCMP_CMP_EQ, 0, 0 \
	}

/* clang-format off */
static const struct condition conditions[] = {
	{ B, SCMP_SYS(mmap), 0, MASKED(2, PROT_EXEC, 0) },
	{ B, SCMP_SYS(mprotect), 0, MASKED(2, PROT_EXEC, 0) },
	{ CALLS_LOAD_CODE, SCMP_SYS(mmap), 0, ANY },
	{ CALLS_LOAD_CODE, SCMP_SYS(mprotect), 0, ANY },
	{ B, SCMP_SYS(prctl), 0, EQUALS(0, PR_SET_NAME) },
	{ B, SCMP_SYS(prlimit64), 0, EQUALS(0, 0) },
	/* stdio asks whether a descriptor is a terminal */
	{ B, SCMP_SYS(ioctl), 0, EQUALS(1, TCGETS) },
	{ B, SCMP_SYS(ioctl), 0, EQUALS(1, FIONREAD) },
	{ C | S, SCMP_SYS(ioctl), 0, EQUALS(1, FIONBIO) },
	{ C, SCMP_SYS(socket), 0, EQUALS(0, AF_INET) },
	{ C, SCMP_SYS(socket), 0, EQUALS(0, AF_INET6) },
	{ C, SCMP_SYS(socket), 0, EQUALS(0, AF_NETLINK) },
	{ CALLS_LOCAL, SCMP_SYS(socket), 0, EQUALS(0, AF_UNIX) },
	{ CALLS_NO_LOCAL, SCMP_SYS(socket), EACCES, EQUALS(0, AF_UNIX) },
	{ T, SCMP_SYS(clone), 0, MASKED(0, CLONE_THREAD, CLONE_THREAD) },
	{ N, SCMP_SYS(clone), 0, MASKED(0, NAMESPACES, 0) },
	/* SQLite gives its shared memory to the database's owner when it runs as root, and takes no */
	{ R, SCMP_SYS(fchown), EPERM, ANY },
	/* its flags are out of seccomp's reach; libc then uses clone */
	{ T | N, SCMP_SYS(clone3), ENOSYS, ANY },
};
/* clang-format on */

static int add_calls(scmp_filter_ctx filter, unsigned groups)
{
	const struct scmp_arg_cmp itself = { 0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0 };
	int sys = 0;

	for (size_t i = 0; i < ARRAY_LEN(calls) && sys == 0; i++)
		if ((calls[i].groups & groups) != 0)
			sys = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i].number, 0);
	for (size_t i = 0; i < ARRAY_LEN(conditions) && sys == 0; i++) {
		const struct condition *row = &conditions[i];
		uint32_t action =
			row->refusal == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint16_t)row->refusal);

		/* a rule without argument takes all others of its call in, so the order is free */
		if ((row->groups & groups) != 0)
			sys = seccomp_rule_add_array(filter, action, row->number,
				row->has_argument ? 1 : 0, &row->argument);
	}
	/* abort() signals its own process, no other */
	if (sys == 0)
		sys = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &itself);
	return -sys;
}

/* SANDBOX_REPORT: says which call it was, then dies as in SANDBOX_KILL. Only what a handler may. */
static void report(int signal, siginfo_t *info, void *context)
{
	char text[64];
	int n = snprintf(
		text, sizeof text, "<3>event=sandbox_violation call=%d\n", info->si_syscall);

	(void)context;
	if (n > 0)
		(void)!write(STDERR_FILENO, text, (size_t)n);
	(void)sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
	(void)raise(signal);
	_exit(128 + signal);
}

static void filter_free(scmp_filter_ctx *filter)
{
	seccomp_release(*filter);
}

enum err sandbox_calls_close(
	unsigned groups, enum sandbox_mode mode, struct sandbox_status *status, struct why *why)
{
	CLEANUP(filter_free)
	scmp_filter_ctx filter =
		seccomp_init(mode == SANDBOX_REPORT ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER };

	must(filter != NULL);
	action.sa_sigaction = report;
	if (mode == SANDBOX_REPORT && sigaction(SIGSYS, &action, NULL) == -1)
		return fail_sys(why, "cannot handle SIGSYS");
	/* older kernels cannot log; the parent logs the death in any case */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	errno = add_calls(filter, groups);
	if (errno != 0)
		return fail_sys(why, "seccomp refuses a rule");
	errno = -seccomp_load(filter);
	if (errno != 0) {
		sandbox_missing(status, SANDBOX_CALLS, "the kernel refuses seccomp", errno);
		return OK;
	}
	status->active |= UINT32_C(1) << SANDBOX_CALLS;
	return OK;
}
