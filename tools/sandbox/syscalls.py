"""System calls by name, with their numbers on the two processors for which a filter can be built (x86_64, aarch64)."""

from __future__ import annotations

# name x86_64 aarch64, from the kernel's own headers; - where the processor lacks the call.
_NUMBERS = """
read 0 63 | write 1 64 | open 2 - | close 3 57 | stat 4 - | fstat 5 80 | lstat 6 - | poll 7 - | lseek 8 62 | mmap 9 222
mprotect 10 226 | munmap 11 215 | brk 12 214 | rt_sigaction 13 134 | rt_sigprocmask 14 135 | rt_sigreturn 15 139 | ioctl 16 29
pread64 17 67 | pwrite64 18 68 | readv 19 65 | writev 20 66 | access 21 - | pipe 22 - | select 23 - | sched_yield 24 124
mremap 25 216 | msync 26 227 | mincore 27 232 | madvise 28 233 | dup 32 23 | dup2 33 - | pause 34 - | nanosleep 35 101
getitimer 36 102 | alarm 37 - | setitimer 38 103 | getpid 39 172 | sendfile 40 71 | socket 41 198 | connect 42 203 | sendto 44 206
recvfrom 45 207 | sendmsg 46 211 | recvmsg 47 212 | shutdown 48 210 | getsockname 51 204 | getpeername 52 205 | socketpair 53 199
setsockopt 54 208 | getsockopt 55 209 | clone 56 220 | execve 59 221 | exit 60 93 | kill 62 129 | uname 63 160 | fcntl 72 25 | flock 73 32
fsync 74 82 | fdatasync 75 83 | truncate 76 45 | ftruncate 77 46 | getdents 78 - | getcwd 79 17 | chdir 80 49 | fchdir 81 50
rename 82 - | mkdir 83 - | rmdir 84 - | creat 85 - | link 86 - | unlink 87 - | symlink 88 - | readlink 89 - | umask 95 166
gettimeofday 96 169 | getrlimit 97 163 | getrusage 98 165 | sysinfo 99 179 | times 100 153 | getuid 102 174 | getgid 104 176
geteuid 107 175 | getegid 108 177 | getppid 110 173 | getpgrp 111 - | getgroups 115 158 | getresuid 118 148 | getresgid 120 150
getpgid 121 155 | getsid 124 156 | rt_sigpending 127 136 | rt_sigtimedwait 128 137 | rt_sigsuspend 130 133 | sigaltstack 131 132
statfs 137 43 | fstatfs 138 44 | getpriority 140 141 | sched_getparam 143 121 | sched_getscheduler 145 120
sched_get_priority_max 146 125 | sched_get_priority_min 147 126 | prctl 157 167 | arch_prctl 158 - | gettid 186 178 | time 201 -
futex 202 98 | sched_getaffinity 204 123 | epoll_create 213 - | getdents64 217 61 | set_tid_address 218 96 | restart_syscall 219 128
fadvise64 221 223 | clock_gettime 228 113 | clock_getres 229 114 | clock_nanosleep 230 115 | exit_group 231 94 | epoll_wait 232 -
epoll_ctl 233 21 | tgkill 234 131 | openat 257 56 | mkdirat 258 34 | newfstatat 262 79 | unlinkat 263 35 | renameat 264 38
linkat 265 37 | symlinkat 266 36 | readlinkat 267 78 | faccessat 269 48 | pselect6 270 72 | ppoll 271 73 | set_robust_list 273 99
get_robust_list 274 100 | epoll_pwait 281 22 | timerfd_create 283 85 | eventfd 284 - | fallocate 285 47 | timerfd_settime 286 86
timerfd_gettime 287 87 | eventfd2 290 19 | epoll_create1 291 20 | dup3 292 24 | pipe2 293 59 | preadv 295 69 | pwritev 296 70
recvmmsg 299 243 | prlimit64 302 261 | sendmmsg 307 269 | getcpu 309 168 | renameat2 316 276 | seccomp 317 277 | getrandom 318 278
membarrier 324 283 | copy_file_range 326 285 | preadv2 327 286 | pwritev2 328 287 | statx 332 291 | rseq 334 293 | clone3 435 435
close_range 436 436 | openat2 437 437 | faccessat2 439 439 | epoll_pwait2 441 441 | futex_waitv 449 449
"""
OWN = """
read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 close close_range lseek fstat newfstatat stat lstat statx
fstatfs statfs access faccessat faccessat2 readlink readlinkat getcwd chdir fchdir getdents getdents64 dup dup2 dup3 pipe pipe2 poll
ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 timerfd_create
timerfd_settime timerfd_gettime flock fsync fdatasync fadvise64 sendfile copy_file_range mmap munmap mprotect mremap madvise brk
msync mincore membarrier rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack
restart_syscall pause alarm setitimer getitimer futex futex_waitv set_robust_list get_robust_list rseq set_tid_address arch_prctl
gettid getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid getpgrp getsid sched_yield
sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getpriority getrlimit getrusage
times uname sysinfo getcpu getrandom clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time exit exit_group umask
recvfrom recvmsg sendto sendmsg shutdown getsockname getpeername getsockopt setsockopt ftruncate
"""
"""Calls that touch only this process: its memory, threads, clock and open files (and stat, which nothing here can stop)."""
WRITING = """
rmdir unlink unlinkat rename renameat renameat2 link linkat fallocate
"""
"""Calls that change files by name; Landlock says where. Not symlink: the program, which no wall surrounds, would follow the link."""
NETWORK = "connect sendmmsg recvmmsg"
HIGHEST = 462
"""Calls above this number are newer than this table. They get ENOSYS, which makes a C library fall back to an older call."""


def read_numbers(machine: str) -> dict[str, int] | None:
    """Return the number of each call on that processor (`os.uname().machine`); None for a processor that is not in the table."""
    column = {"x86_64": 1, "aarch64": 2}.get(machine)
    if column is None:
        return None
    rows = (cell.split() for cell in _NUMBERS.replace("\n", "|").split("|") if cell.strip())
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
