// Tells the thread sanitizer of contended locks of Swift's `Mutex`.
//
// The uncontended path is inlined into the tests and seen. The contended one is in the standard library, which is built
// without the sanitizer: a lock that was waited for would be reported as a race. Loaded with LD_PRELOAD, see
// `make sanitize`.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFTCALL __attribute__((swiftcall))
#define CONTEXT __attribute__((swift_context))

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFTCALL void (*Lock)(uint32_t thread, CONTEXT void *handle);
typedef SWIFTCALL void (*Unlock)(CONTEXT void *handle);
typedef void (*Note)(void *address);

static Lock originalLock;
static Unlock originalUnlock;
static Note acquire, release;

__attribute__((constructor)) static void findOriginals(void) {
    originalLock = (Lock)dlsym(RTLD_NEXT, LOCK);
    originalUnlock = (Unlock)dlsym(RTLD_NEXT, UNLOCK);
    acquire = (Note)dlsym(RTLD_DEFAULT, "__tsan_acquire");
    release = (Note)dlsym(RTLD_DEFAULT, "__tsan_release");
}

SWIFTCALL void lockSlow(uint32_t thread, CONTEXT void *handle) __asm__(LOCK);
SWIFTCALL void unlockSlow(CONTEXT void *handle) __asm__(UNLOCK);

SWIFTCALL void lockSlow(uint32_t thread, CONTEXT void *handle) {
    originalLock(thread, handle);
    if (acquire) acquire(handle);
}

SWIFTCALL void unlockSlow(CONTEXT void *handle) {
    if (release) release(handle);
    originalUnlock(handle);
}
