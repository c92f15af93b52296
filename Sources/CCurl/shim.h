#pragma once
#include <curl/curl.h>

// Swift cannot call variadic C: one wrapper for each type of value that an option takes.

static inline CURLcode hera_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline CURLcode hera_easy_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode hera_easy_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode hera_easy_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode hera_easy_set_bytes(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode hera_easy_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode hera_easy_set_error_buffer(CURL *easy, char *buffer) {
    return curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, buffer);
}

static inline CURLcode hera_easy_set_context(CURL *easy, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PRIVATE, context);
    if(!code) code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    if(!code) code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    if(!code) code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
    if(!code) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
    return code;
}

typedef size_t (*hera_data_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode hera_easy_set_callbacks(CURL *easy, hera_data_callback write, hera_data_callback header,
                                               curl_prereq_callback before_request,
                                               curl_opensocket_callback open_socket) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write);
    if(!code) code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
    if(!code) code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    if(!code) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    return code;
}

static inline CURLcode hera_easy_resume(CURL *easy) { return curl_easy_pause(easy, CURLPAUSE_CONT); }

/// The context that hera_easy_set_context set, or NULL.
static inline void *hera_easy_context(CURL *easy) {
    char *context = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context) == CURLE_OK ? context : NULL;
}

static inline CURLMcode hera_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
