/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a Touchstone file becomes a table of S21. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/file.h"
#include "base/number.h"
#include "sim/components/touchstone.h"

#define BYTES_MAX    ((size_t)16 << 20)
#define COLUMNS      9 /* of a two-port's row: f, then S11, S21, S12, S22 */
#define S21          3 /* its first column */
#define NOISE_COLUMN 5 /* of a noise row: f, minimum noise figure, reflection (2), resistance */
#define ROW_BYTES    18 /* the shortest row there can be */
#define PEAKING      1.05
#define BLANKS       " \t\r\v\f"

enum format { MAGNITUDE_ANGLE, DECIBEL_ANGLE, REAL_IMAGINARY };

struct reader {
    size_t line;
    bool options; /* an option line was read */
    double unit_hz;
    enum format format;
    bool noise; /* the S-parameters have ended */
    double noise_hz;
    bool allow_peaking;
    struct oac_touchstone *table;
    size_t room; /* of its arrays, in points */
};

/* The first token as a message can show it: printable, not long. */
struct shown {
    char text[41];
};

static struct shown show(const char *token)
{
    struct shown shown = {{0}};
    size_t length = strcspn(token, BLANKS);
    for (size_t i = 0; i < sizeof shown.text - 1 && i < length; i++)
        shown.text[i] = token[i] >= ' ' && token[i] <= '~' ? token[i] : '?';
    return shown;
}

static bool unit_of(const char *token, double *unit_hz)
{
    static const struct {
        const char *name;
        double hz;
    } units[] = {{"Hz", 1.0}, {"kHz", 1e3}, {"MHz", 1e6}, {"GHz", 1e9}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcasecmp(token, units[i].name) == 0) {
            *unit_hz = units[i].hz;
            return true;
        }
    return false;
}

static bool format_of(const char *token, enum format *format)
{
    static const char *const names[] = {"MA", "DB", "RI"};
    for (int i = 0; i < 3; i++)
        if (strcasecmp(token, names[i]) == 0) {
            *format = (enum format)i;
            return true;
        }
    return false;
}

/* text: after the # */
static enum oac_status read_options(struct reader *self, char *text, struct oac_err *err)
{
    char *rest;
    if (self->options)
        return oac_fail(err, OAC_EPARSE, "a second option line; one file holds one table");
    self->options = true;
    for (char *token = strtok_r(text, BLANKS, &rest); token;
         token = strtok_r(NULL, BLANKS, &rest)) {
        if (unit_of(token, &self->unit_hz) || format_of(token, &self->format) ||
            strcasecmp(token, "S") == 0)
            continue;
        if (strcasecmp(token, "R") != 0)
            return oac_fail(err, OAC_EPARSE,
                            "option '%s'; expected Hz, kHz, MHz or GHz, S, DB, MA or RI, R and "
                            "a resistance",
                            show(token).text);
        double ohm;
        char *value = strtok_r(NULL, BLANKS, &rest);
        if (!value || !oac_number_parse(value, &ohm) || !(ohm > 0.0))
            return oac_fail(err, OAC_EPARSE,
                            "reference resistance R '%s'; expected a number of ohms above 0",
                            value ? show(value).text : "");
    }
    return OAC_OK;
}

static enum oac_status magnitude_and_phase(const struct reader *self, double first,
                                           double second, double *magnitude, double *phase_rad,
                                           struct oac_err *err)
{
    switch (self->format) {
    case REAL_IMAGINARY:
        *magnitude = hypot(first, second);
        *phase_rad = atan2(second, first);
        break;
    case DECIBEL_ANGLE:
        *magnitude = pow(10.0, first / 20.0);
        *phase_rad = second * (OAC_PI / 180.0);
        break;
    case MAGNITUDE_ANGLE:
        *magnitude = first;
        *phase_rad = second * (OAC_PI / 180.0);
        break;
    }
    if (!(*magnitude >= 0.0) || !isfinite(*magnitude))
        return oac_fail(err, OAC_EPARSE,
                        "S21 is (%g, %g), a magnitude of %g; expected 0 or more, and finite",
                        first, second, *magnitude);
    return OAC_OK;
}

/* Phase to within half a turn of the previous point's. */
static double unwrap(double phase_rad, double previous_rad)
{
    return previous_rad + remainder(phase_rad - previous_rad, 2.0 * OAC_PI);
}

static enum oac_status check_point(const struct reader *self, double f_hz, double magnitude,
                                   struct oac_err *err)
{
    const struct oac_touchstone *table = self->table;
    if (!(f_hz >= 0.0) || !isfinite(f_hz))
        return oac_fail(err, OAC_EPARSE, "frequency %g Hz; expected 0 or more, and finite",
                        f_hz);
    if (table->points == 0)
        return magnitude > 0.0
                   ? OAC_OK
                   : oac_fail(err, OAC_EPARSE,
                              "|S21| is 0 at the lowest frequency, to which all others "
                              "relate; expected more");
    if (!(f_hz > table->f_hz[table->points - 1]))
        return oac_fail(err, OAC_EPARSE,
                        "frequency %.9g Hz follows %.9g Hz; expected frequencies that increase",
                        f_hz, table->f_hz[table->points - 1]);
    double ratio = magnitude / table->magnitude[0];
    if (!self->allow_peaking && !(ratio <= PEAKING))
        return oac_fail(
            err, OAC_EPARSE,
            "|S21| at %.9g Hz is %.4g of its value at the lowest frequency; expected "
            "at most %.2f, unless peaking is allowed",
            f_hz, ratio, PEAKING);
    return OAC_OK;
}

static enum oac_status add_point(struct reader *self, const double value[COLUMNS],
                                 struct oac_err *err)
{
    struct oac_touchstone *table = self->table;
    double magnitude, phase_rad, f_hz = value[0] * self->unit_hz;
    if (magnitude_and_phase(self, value[S21], value[S21 + 1], &magnitude, &phase_rad, err) ||
        check_point(self, f_hz, magnitude, err))
        return err->status;
    size_t i = table->points;
    if (i >= self->room)
        return oac_fail(err, OAC_EINTERNAL, "more rows than the file can hold");
    if (i > 0)
        phase_rad = magnitude > 0.0 ? unwrap(phase_rad, table->phase_rad[i - 1])
                                    : table->phase_rad[i - 1];
    table->f_hz[i] = f_hz;
    table->magnitude[i] = magnitude;
    table->phase_rad[i] = phase_rad;
    table->points++;
    return OAC_OK;
}

/* A noise block starts where five numbers stand at or below the last frequency, and rises from there. */
static bool is_noise_row(const struct reader *self, size_t columns, const double *value)
{
    const struct oac_touchstone *table = self->table;
    double f_hz = value[0] * self->unit_hz;
    if (columns != NOISE_COLUMN || table->points == 0)
        return false;
    return self->noise ? f_hz > self->noise_hz : f_hz <= table->f_hz[table->points - 1];
}

static enum oac_status fail_columns(const struct reader *self, size_t columns, const char *rest,
                                    struct oac_err *err)
{
    if (self->noise)
        return oac_fail(err, OAC_EPARSE,
                        "%zu numbers among the noise parameters; expected rows of %d, "
                        "frequencies increasing",
                        columns, NOISE_COLUMN);
    if (columns < COLUMNS && rest[strspn(rest, BLANKS "\n")] == '\0')
        return oac_fail(err, OAC_EPARSE, "the file ends within a row: %zu of %d numbers",
                        columns, COLUMNS);
    return oac_fail(err, OAC_EPARSE,
                    "%zu%s numbers; expected %d, a two-port's frequency, S11, S21, S12, S22",
                    columns, columns > COLUMNS ? " or more" : "", COLUMNS);
}

/* rest: the lines that follow */
static enum oac_status read_row(struct reader *self, char *text, const char *rest,
                                struct oac_err *err)
{
    double value[COLUMNS] = {0.0};
    size_t columns = 0;
    char *state;
    for (char *token = strtok_r(text, BLANKS, &state); token;
         token = strtok_r(NULL, BLANKS, &state)) {
        if (columns == COLUMNS)
            return fail_columns(self, columns + 1, rest, err);
        if (!oac_number_parse(token, &value[columns]))
            return oac_fail(err, OAC_EPARSE,
                            "'%s' in column %zu; expected a finite decimal number",
                            show(token).text, columns + 1);
        columns++;
    }
    if (is_noise_row(self, columns, value)) {
        self->noise = true;
        self->noise_hz = value[0] * self->unit_hz;
        return OAC_OK;
    }
    if (columns != COLUMNS || self->noise)
        return fail_columns(self, columns, rest, err);
    return add_point(self, value, err);
}

static enum oac_status read_line(struct reader *self, char *text, const char *rest,
                                 struct oac_err *err)
{
    text[strcspn(text, "!")] = '\0';
    text += strspn(text, BLANKS);
    if (text[0] == '\0')
        return OAC_OK;
    if (text[0] == '#')
        return read_options(self, text + 1, err);
    if (text[0] == '[')
        return oac_fail(err, OAC_EPARSE,
                        "keyword '%s' of version 2; expected a file of version 1",
                        show(text).text);
    if (!self->options)
        return oac_fail(err, OAC_EPARSE,
                        "'%s' before any option line; expected one, such as # GHz S DB R 50",
                        show(text).text);
    return read_row(self, text, rest, err);
}

static enum oac_status read_lines(struct reader *self, char *data, struct oac_err *err)
{
    for (char *text = data, *next; text; text = next) {
        char *end = strchr(text, '\n');
        next = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
        self->line++;
        if (read_line(self, text, next ? next : "", err))
            return err->status;
    }
    if (self->table->points < 2)
        return oac_fail(err, OAC_EPARSE,
                        "the file holds %zu rows of S-parameters; expected two or more",
                        self->table->points);
    return OAC_OK;
}

static enum oac_status make_room(struct reader *self, size_t bytes, struct oac_err *err)
{
    self->room = bytes / ROW_BYTES + 1;
    self->table = oac_alloc(1, sizeof *self->table, "Touchstone table", err);
    if (!self->table)
        return err->status;
    self->table->f_hz = oac_alloc(self->room, sizeof(double), "Touchstone table", err);
    self->table->magnitude = oac_alloc(self->room, sizeof(double), "Touchstone table", err);
    self->table->phase_rad = oac_alloc(self->room, sizeof(double), "Touchstone table", err);
    if (!self->table->f_hz || !self->table->magnitude || !self->table->phase_rad)
        return err->status;
    return OAC_OK;
}

enum oac_status oac_touchstone_read(const char *path, bool allow_peaking,
                                    struct oac_touchstone **table, struct oac_err *err)
{
    char *data;
    size_t bytes;
    struct reader self = {.unit_hz = 1e9, .allow_peaking = allow_peaking};
    if (oac_file_read(path, BYTES_MAX, &data, &bytes, err))
        return err->status;
    if (make_room(&self, bytes, err))
        goto fail;
    if (strlen(data) != bytes) {
        oac_fail(err, OAC_EPARSE, "%s: byte %zu is zero; expected text", path, strlen(data));
        goto fail;
    }
    if (read_lines(&self, data, err)) {
        oac_fail_within(err, "%s:%zu", path, self.line);
        goto fail;
    }
    free(data);
    *table = self.table;
    return OAC_OK;
fail:
    free(data);
    oac_touchstone_destroy(self.table);
    return err->status;
}
