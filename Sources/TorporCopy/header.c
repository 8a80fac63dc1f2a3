/* Headers of tar archives: ustar (POSIX.1-1988) with pax records (POSIX.1-2001), and what GNU tar writes in their place. */
#include "copy.h"

/* What does not fit in octal is binary, with the first bit set, as every tar of today reads it. */
static void put_number(char *field, size_t width, uint64_t value) {
    int fits = 3 * (width - 1) >= 64 || value >> (3 * (width - 1)) == 0;
    for (size_t i = width - (fits ? 1 : 0); i-- > 0; value >>= fits ? 3 : 8)
        field[i] = (char)(fits ? '0' + (value & 7) : value & 255);
    if (fits) field[width - 1] = 0;
    else field[0] = (char)0x80;
}

static uint64_t checksum(const struct header *header) {
    const unsigned char *bytes = (const unsigned char *)header;
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof *header; i++) {
        int is_own = i >= offsetof(struct header, sum) && i < offsetof(struct header, type);
        sum += is_own ? ' ' : bytes[i];
    }
    return sum;
}

static void fill(char *to, const struct entry *entry, char type, const char *name, uint64_t size) {
    struct header *header = (struct header *)to;
    size_t length = text_length(name);
    memset(header, 0, sizeof *header);
    memcpy(header->name, name, length < sizeof header->name ? length : sizeof header->name);
    put_number(header->mode, sizeof header->mode, entry->mode & 07777);
    put_number(header->uid, sizeof header->uid, entry->uid);
    put_number(header->gid, sizeof header->gid, entry->gid);
    put_number(header->size, sizeof header->size, size);
    put_number(header->time, sizeof header->time, entry->seconds < 0 ? 0 : entry->seconds);
    header->type = type;
    if (type == '2') {
        length = text_length(entry->target);
        memcpy(header->target, entry->target, length < sizeof header->target ? length : sizeof header->target);
    }
    memcpy(header->magic, "ustar\0" "00", 8);
    put_number(header->sum, 7, checksum(header));
    header->sum[7] = ' ';
}

static size_t put_decimal(char *to, uint64_t value, size_t least_digits) {
    char digits[24];
    size_t count = 0;
    while (value || count < least_digits || !count) digits[count++] = '0' + value % 10, value /= 10;
    for (size_t i = 0; i < count; i++) to[i] = digits[count - 1 - i];
    return count;
}

/* "LENGTH key=value\n", where the length counts its own digits. Returns where the next one goes. */
static char *put_record(char *to, const char *key, const char *value, size_t length) {
    size_t rest = 3 + text_length(key) + length, digits = 1;
    for (size_t power = 10; rest + digits >= power; power *= 10) digits++;
    to += put_decimal(to, rest + digits, digits);
    *to++ = ' ';
    memcpy(to, key, text_length(key));
    to += text_length(key);
    *to++ = '=';
    memcpy(to, value, length);
    to[length] = '\n';
    return to + length + 1;
}

static char *put_time(char *to, const struct entry *entry) {
    char text[48];
    size_t length = 0;
    int64_t seconds = entry->seconds;
    uint32_t nanoseconds = entry->nanoseconds;
    if (seconds < 0) {
        /* -1.25 is a second and a quarter before 1970: the kernel has it as -2 s and 750,000,000 ns. */
        text[length++] = '-';
        if (nanoseconds) seconds++, nanoseconds = 1000000000 - nanoseconds;
        seconds = -seconds;
    }
    length += put_decimal(text + length, seconds, 1);
    text[length++] = '.';
    length += put_decimal(text + length, nanoseconds, 9);
    return put_record(to, "mtime", text, length);
}

size_t put_header(char *to, const struct entry *entry) {
    char *records = to + BLOCK_BYTES, *end = records;
    size_t name = text_length(entry->name), target = text_length(entry->target);
    if (name > sizeof ((struct header *)to)->name) end = put_record(end, "path", entry->name, name);
    if (entry->type == '2' && target > sizeof ((struct header *)to)->target)
        end = put_record(end, "linkpath", entry->target, target);
    if (entry->nanoseconds || entry->seconds < 0) end = put_time(end, entry);
    size_t size = end - records;
    if (!size) {
        fill(to, entry, entry->type, entry->name, entry->size);
        return BLOCK_BYTES;
    }
    memset(end, 0, padded(size) - size);
    fill(to, entry, 'x', "pax-header", size);
    fill(records + padded(size), entry, entry->type, entry->name, entry->size);
    return BLOCK_BYTES + padded(size) + BLOCK_BYTES;
}

/* Returns 0, or -1 for what is no number, or one of more than 63 bits. */
static int take_number(const char *field, size_t width, uint64_t *value) {
    const unsigned char *bytes = (const unsigned char *)field;
    uint64_t number = 0;
    size_t i = 0;
    if (bytes[0] & 0x80) {
        for (number = bytes[0] & 0x7f, i = 1; i < width; i++) {
            if (number >> 55) return -1;
            number = number << 8 | bytes[i];
        }
        *value = number;
        return 0;
    }
    while (i < width && bytes[i] == ' ') i++;
    for (; i < width && bytes[i] && bytes[i] != ' '; i++) {
        if (bytes[i] < '0' || bytes[i] > '7' || number >> 60) return -1;
        number = number << 3 | (bytes[i] - '0');
    }
    *value = number;
    return 0;
}

static size_t take_text(char *to, const char *field, size_t width) {
    size_t length = 0;
    while (length < width && field[length]) length++;
    memcpy(to, field, length);
    to[length] = 0;
    return length;
}

int take_header(const struct header *header, struct entry *entry, uint32_t *known) {
    uint64_t sum, mode, size, uid, gid, time;
    if (take_number(header->sum, sizeof header->sum, &sum) || sum != checksum(header)) return -1;
    if (take_number(header->size, sizeof header->size, &size)) return -1;
    if (take_number(header->mode, sizeof header->mode, &mode)) return -1;
    if (take_number(header->uid, sizeof header->uid, &uid)) return -1;
    if (take_number(header->gid, sizeof header->gid, &gid)) return -1;
    /* Times before 1970 are binary and negative: who writes them says them in a record, too. */
    if (take_number(header->time, sizeof header->time, &time)) time = 0;
    if (!(*known & KNOWN_SIZE)) entry->size = size;
    if (!(*known & KNOWN_UID)) entry->uid = uid;
    if (!(*known & KNOWN_GID)) entry->gid = gid;
    if (!(*known & KNOWN_TIME)) entry->seconds = (int64_t)time, entry->nanoseconds = 0;
    entry->mode = mode & 07777;
    entry->type = header->type ? header->type : '0';
    if (!(*known & KNOWN_TARGET)) take_text(entry->target, header->target, sizeof header->target);
    if (*known & KNOWN_NAME) return 0;
    size_t length = 0;
    /* GNU's own format has other things where POSIX has the prefix; its magic ends in a blank. */
    if (header->prefix[0] && header->magic[5] == 0) {
        length = take_text(entry->name, header->prefix, sizeof header->prefix);
        entry->name[length++] = '/';
    }
    take_text(entry->name + length, header->name, sizeof header->name);
    return 0;
}

static int take_decimal(const char *text, size_t length, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > (uint64_t)INT64_MAX / 10 - 1) return -1;
        *value = *value * 10 + (text[i] - '0');
    }
    return length ? 0 : -1;
}

static int take_time(const char *text, size_t length, struct entry *entry) {
    size_t whole = 0, is_negative = length && text[0] == '-';
    uint64_t seconds, nanoseconds = 0, unit = 100000000;
    text += is_negative, length -= is_negative;
    while (whole < length && text[whole] != '.') whole++;
    if (take_decimal(text, whole, &seconds)) return -1;
    for (size_t i = whole + 1; i < length && unit; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9') return -1;
        nanoseconds += unit * (text[i] - '0');
    }
    entry->seconds = is_negative ? -(int64_t)seconds - (nanoseconds > 0) : (int64_t)seconds;
    entry->nanoseconds = is_negative && nanoseconds ? 1000000000 - nanoseconds : nanoseconds;
    return 0;
}

static int is_key(const char *record, const char *end, const char *key) {
    while (*key && record < end && *record == *key) record++, key++;
    return !*key;
}

/* One of "key=value". Keys that are not known say what is not kept. */
static int take_record(const char *record, const char *end, struct entry *entry, uint32_t *known) {
    const char *value = record;
    while (value < end && *value != '=') value++;
    if (value == end) return -1;
    size_t length = end - ++value;
    int is_name = is_key(record, end, "path="), is_target = is_key(record, end, "linkpath=");
    if (is_name || is_target) {
        char *text = is_name ? entry->name : entry->target;
        if (length >= NAME_BYTES || take_text(text, value, length) != length) return -1;
        *known |= is_name ? KNOWN_NAME : KNOWN_TARGET;
    } else if (is_key(record, end, "size=")) {
        if (take_decimal(value, length, &entry->size)) return -1;
        *known |= KNOWN_SIZE;
    } else if (is_key(record, end, "mtime=")) {
        if (take_time(value, length, entry)) return -1;
        *known |= KNOWN_TIME;
    } else if (is_key(record, end, "uid=") || is_key(record, end, "gid=")) {
        int is_user = record[0] == 'u';
        if (take_decimal(value, length, is_user ? &entry->uid : &entry->gid)) return -1;
        *known |= is_user ? KNOWN_UID : KNOWN_GID;
    } else if (is_key(record, end, "GNU.sparse.")) {
        *known |= IS_SPARSE;
    }
    return 0;
}

int take_records(char *records, size_t size, struct entry *entry, uint32_t *known) {
    char *at = records, *end = records + size;
    while (at < end) {
        size_t digits = 0;
        uint64_t length;
        while (at + digits < end && at[digits] != ' ') digits++;
        if (take_decimal(at, digits, &length) || length <= digits + 1 || length > (uint64_t)(end - at)) return -1;
        if (at[length - 1] != '\n') return -1;
        if (take_record(at + digits + 1, at + length - 1, entry, known)) return -1;
        at += length;
    }
    return 0;
}
