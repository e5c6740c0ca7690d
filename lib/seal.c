/* SPDX-License-Identifier: MIT */
#include "seal.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"

/* What a decoder that was given its descriptors calls, with glibc's allocator and threads. */
static const char *const compute[] = {
	/* descriptors that it has */
	"read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "dup", "fstat",
	"ftruncate", "fcntl", "recvmsg", "sendmsg", "poll", "ppoll",
	/* memory */
	"brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "membarrier",
	/* threads, signals to itself, the end */
	"futex", "set_robust_list", "rseq", "set_tid_address", "sched_yield", "sched_getaffinity",
	"gettid", "getpid", "tgkill", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"sigaltstack", "restart_syscall", "exit", "exit_group",
	/* what tells it something */
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday",
	"getrandom", "getrusage", "sysinfo", "uname", "getrlimit"
};

static const char *const offline[] = { "socket",
				       "socketpair",
				       "connect",
				       "bind",
				       "listen",
				       "accept",
				       "accept4",
				       "sendto",
				       "sendmmsg",
				       "ptrace",
				       "process_vm_readv",
				       "process_vm_writev",
				       "pidfd_open",
				       "pidfd_getfd",
				       "mount",
				       "umount2",
				       "pivot_root",
				       "chroot",
				       "unshare",
				       "setns",
				       "bpf",
				       "perf_event_open",
				       "io_uring_setup",
				       "userfaultfd",
				       "add_key",
				       "request_key",
				       "keyctl",
				       "init_module",
				       "finit_module",
				       "kexec_load",
				       "reboot" };

static int fail(struct err *e, const char *what, int code)
{
	return err_set(e, FAULT_OS, "seal", "%s: %s", what, strerror(code));
}

static int limit(int which, const char *name, rlim_t value, struct err *e)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)which, &now) < 0)
		return fail(e, name, errno);
	if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max)
		value = now.rlim_max; /* there is a narrower one already */
	if (setrlimit((__rlimit_resource_t)which, &(struct rlimit){ value, value }) < 0)
		return fail(e, name, errno);
	return 0;
}

/* Bytes of address space in use. */
static int space(size_t *bytes, struct err *e)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages;
	int n;

	if (!f)
		return fail(e, "/proc/self/statm", errno);
	n = fscanf(f, "%lu", &pages);
	fclose(f);
	if (n != 1)
		return fail(e, "/proc/self/statm", EIO);
	*bytes = pages * (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

int seal_limit(const struct seal_limits *l, struct err *e)
{
	struct rusage used;
	size_t now = 0;

	if (space(&now, e) < 0 || limit(RLIMIT_AS, "RLIMIT_AS", now + l->memory, e) < 0 ||
	    limit(RLIMIT_FSIZE, "RLIMIT_FSIZE", l->file, e) < 0 ||
	    limit(RLIMIT_CORE, "RLIMIT_CORE", 0, e) < 0)
		return -1;
	if (l->descriptors && limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", l->descriptors, e) < 0)
		return -1;
	if (!l->seconds)
		return 0;
	getrusage(RUSAGE_SELF, &used);
	return limit(RLIMIT_CPU, "RLIMIT_CPU",
		     (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1) + l->seconds, e);
}

int seal_close(unsigned from, struct err *e)
{
	return syscall(SYS_close_range, from, ~0U, 0) < 0 ? fail(e, "close_range", errno) : 0;
}

/* A name that this kernel's machine does not have is passed over. */
static int rules(scmp_filter_ctx ctx, uint32_t action, const char *const *names, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		int nr = seccomp_syscall_resolve_name(names[i]);

		if (nr != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(ctx, action, nr, 0);
	}
	return rc;
}

/* Threads and no processes; clone3 hides its flags behind a pointer, and the library then falls back to clone. */
static int threads(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp thread = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
	/* "fstat" of newer libraries: no name, only a descriptor. */
	const struct scmp_arg_cmp self = SCMP_A3(SCMP_CMP_MASKED_EQ, 0x1000, 0x1000);
	/* The limits of the process itself, to be read. */
	const struct scmp_arg_cmp keep = SCMP_A2(SCMP_CMP_EQ, 0, 0);
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);

	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1, self);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, keep);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				      SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	return rc;
}

int seal_calls(enum seal_calls which, struct err *e)
{
	const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
	scmp_filter_ctx ctx = seccomp_init(which == SEAL_COMPUTE ? refuse : SCMP_ACT_ALLOW);
	int rc;

	if (!ctx)
		return fail(e, "seccomp_init", ENOMEM);
	if (which == SEAL_COMPUTE) {
		rc = rules(ctx, SCMP_ACT_ALLOW, compute, LEN(compute));
		if (rc == 0)
			rc = threads(ctx);
	} else {
		rc = rules(ctx, refuse, offline, LEN(offline));
	}
	if (rc == 0)
		rc = seccomp_load(ctx); /* sets no_new_privs */
	seccomp_release(ctx);
	return rc < 0 ? fail(e, "seccomp", -rc) : 0;
}
