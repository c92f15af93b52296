// Loaded before libfaketime by `make test-dates`. libfaketime 0.9.10 shifts the absolute times of every timerfd, also of
// those on the monotonic clock, which libdispatch and NIO sleep with and which is left alone here: such a sleep would
// end at once or in years.
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

int timerfd_settime(int timer, int flags, const struct itimerspec *value, struct itimerspec *earlier) {
    return (int)syscall(SYS_timerfd_settime, timer, flags, value, earlier);
}
