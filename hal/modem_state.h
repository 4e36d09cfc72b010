/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the modem: what it remembers of its stream, of loaded frames, of the alignment, and
 * one thread's scratch.
 *     modem.c            opens and answers        modem_check.c      what it cannot work with
 *     modem_frame.c      codes -> samples         modem_receive.c    samples -> readouts
 *     modem_preamble.c   makes preambles, words   modem_sync.c       plays and reads them
 *     modem_listen.c     until they are good      modem_align.c      decides from them
 *     modem_sound.c      what codes give light    modem_sequences.c  makes both, once more when it has
 *     modem_burst.c      windows between words    modem_play.c       a call; repeats what was lost
 *     modem_chop.c       slots as chips           modem_tone.c       slots as tones
 *     modem_subcarrier.c ports and record of both modem_record.c     the record of shaped slots */
#ifndef OAC_HAL_MODEM_STATE_H
#define OAC_HAL_MODEM_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/align.h"
#include "hal/calrec.h"
#include "hal/modem.h"

#define OAC_MODEM_CONTRAST_LEAST 8.0 /* below this a preamble counts as not found */
#define OAC_MODEM_RX_MOST        ((size_t)4 << 20) /* floats that a burst may bring back */

struct oac_modem_frame {
    uint32_t handle; /* the stream's; 0: free */
    size_t rows, slots;
    uint16_t null_code;
    bool differential;
};

/* A piece of a sequence that fits a receiver's range: part 0 the weights', part 1 the client's. */
struct oac_modem_piece {
    size_t slots, samples; /* samples: of its capture */
    size_t levels;         /* of a row: one a slot, or one a chip */
    uint32_t handle[2];
    uint16_t *client[2]; /* (slots * client samples) */
    double *level[2];    /* (rows, levels) expected light, full opening = 1 */
    double
        *rest[2]; /* the same where the half that stands still is at rest; NULL: not sounded */
    size_t heard[2]; /* where its (rows, samples) begin in what was heard */
    double *gate_s;  /* (2, rows) open throughout */
    struct oac_stream_capture capture;
};

/* One modulator's drive on a subcarrier. */
struct oac_modem_drive {
    bool client, iq;
    int32_t rest;
    size_t per_slot, chips; /* values, chips a slot */
    uint16_t *bend; /* with iq: amplitude code played for an amplitude code; else NULL */
    double *tone;   /* with iq: (per_slot) cosine and sine of a slot's samples */
};

/* What a modulator plays in a preamble: code_safe in its guards, and two codes between them. */
enum oac_modem_level { OAC_MODEM_REST, OAC_MODEM_LOW, OAC_MODEM_OPEN, OAC_MODEM_LEVELS };

/* Samples that a payload touches. */
struct oac_modem_span {
    size_t from, samples;
    double late; /* of the payload behind the first one's beginning, 0 .. 1 */
};

/* Made once, then only read: what is heard of it goes into arrays of `heard` values. */
struct oac_modem_sequence {
    size_t rows, parts, pieces, slots; /* slots: of one run of everything */
    size_t heard;
    struct oac_modem_piece *piece;
    uint32_t *pick; /* (samples of the longest piece) 0, 1, 2 ... */
};

/* How one window's readouts follow from its segment. */
struct oac_modem_plan {
    size_t rows, slots; /* of the payload */
    bool differential;
    double *open_s, *close_s;
    uint32_t *pick;
    size_t picks, capacity, row_capacity;
    size_t *start, *end;    /* (rows) first pick used; the held one, or past the last */
    size_t *quiet, *silent; /* (rows) first dark pick, and how many */
    double *begin;          /* (rows) of the payload, in picks */
    double
        *pace; /* (rows) picks a slot takes: on a clock of their own, not the nominal number */
    struct oac_stream_capture capture;
};

struct oac_workspace { /* the modem's; `stream` is the implementation's */
    struct oac_workspace *stream;
    struct oac_modem_plan plan;
    uint16_t *client;
    size_t client_capacity;
    float *rx;
    size_t rx_capacity;
    struct oac_stream_segment *segment;
    size_t segment_capacity;
    uint8_t *flag;
    size_t flag_capacity;
    double *photons; /* (windows) */
    size_t photon_capacity;
    double *heard; /* of preamble or word, the longer */
    size_t heard_capacity;
    double *delay_s; /* (channels) of this burst */
    double *drift_s; /* (channels) by which that grows in a slot */
    double *moved_s; /* (channels) the delay at one window */
    double *phasor;  /* (channels, 2) the same: where I and Q show the product */
};

struct oac_modem {
    struct oac_stream stream;
    struct oac_modem_options options;
    struct oac_link_caps caps;
    struct oac_calrec *nominal; /* scaled for OAC_SHAPE_RETURN; NULL: the stream's */
    struct oac_port *chopped;   /* (channels + 1) weights' and client's; NULL: no subcarrier */
    struct oac_modem_drive *drive; /* (channels + 1) the same */
    uint32_t guard;                /* slots before and after the payload of a segment */
    uint32_t margin;               /* slots that one modulator is open longer than a sequence */
    size_t batch;
    /* (channels + 1) weights', then the client's: what preambles play for light and for none, code_safe unless
     * sounded */
    uint16_t *open_code, *low_code;
    uint16_t *brightest; /* (channels + 1) by the nominal curves */
    double *
        sounding; /* (channels, LEVELS of the weight, LEVELS of the client) [code] light of a slot; NULL: what
                         the nominal curves say */
    struct oac_modem_frame *frame;
    size_t frames;
    struct oac_modem_sequence preamble; /* both parts, all channels */
    struct oac_modem_sequence word;     /* the weights' part; stable streams: channel 0 alone */
    struct oac_workspace *own;          /* of the alignment */
    pthread_mutex_t lock;               /* of the alignment and the account */
    atomic_bool stale;                  /* settings moved time since the alignment */
    atomic_bool biased;                 /* or the light that sync words are known by */
    size_t blind;                       /* readouts on which the latest look saw no preamble */
    double sigma;                       /* [slots] largest standard error of the others */
    bool user_skew;                     /* OAC_SKEW_S is the user's: report, do not touch */
    double *memory;                     /* alignment's arrays */
    double *delay_s, *skew_s, *contrast;
    double *skew_sigma_s;
    double *delay_sigma; /* (channels) [slots] */
    double *faint;  /* (channels) contrast on a blind readout; NAN: seen, or never looked at */
    double *phasor; /* (channels, 2) cosine and sine of the product's phase in I and Q */
    double skew_corrected_s; /* by the setting, so that later preambles come without it */
    struct oac_modem_alignment alignment;
    long client_shift; /* client samples that windows are played late */
    struct oac_account account;
};

/* `array` (elements of `size`), or when that holds fewer than `count` a new one in its place:
 * contents are lost.
 * NULL with *err filled, `array` kept. */
void *oac_modem_fit(void *array, size_t *capacity, size_t count, size_t size,
                    struct oac_err *err) OAC_MUST_USE;

/* modem_check.c: whether this modem can work on such a stream, with these options. Pure. */
enum oac_status oac_modem_check(const struct oac_stream_caps *caps,
                                const struct oac_modem_options *options,
                                struct oac_err *err) OAC_MUST_USE;

/* modem_frame.c: slots to samples. The code held for `lit` of every `per_slot` samples, then
 * `dark`. */
void oac_modem_hold(const uint16_t *code, size_t slots, size_t per_slot, size_t lit,
                    uint16_t dark, uint16_t *sample);
/* DAC samples of a slot that carry its code. Pure. */
size_t oac_modem_lit(const struct oac_modem *self, bool client);
enum oac_status oac_modem_load_frame(struct oac_modem *self,
                                     const struct oac_weight_frame *frame, uint32_t *handle,
                                     struct oac_err *err) OAC_MUST_USE;
/* Samples (segment) of window b of the frame. */
void oac_modem_client_samples(const struct oac_modem *self,
                              const struct oac_modem_frame *loaded,
                              const struct oac_activation_frame *frame, size_t b,
                              uint16_t *sample);

/* modem_chop.c: a slot's codes as chips, and back. */
bool oac_modem_chops(const struct oac_modem *self);   /* on a subcarrier at all */
size_t oac_modem_chips(const struct oac_modem *self); /* a slot */
int oac_modem_chip_sign(bool client, size_t chip);    /* +1 or -1 */
/* sample (slots * drive->per_slot): chips, or a tone where the port has I and Q. */
void oac_modem_chop(const struct oac_modem_drive *drive, const uint16_t *code, size_t slots,
                    uint16_t *sample);
/* The product's amplitude in value (picks), summed over the window's slots [code]. */
double oac_modem_unchop(const struct oac_modem *self, const struct oac_modem_plan *plan,
                        size_t k, const float *value);
struct oac_modem_span oac_modem_span_of(double begin, size_t slots, size_t per_slot);

/* modem_tone.c: the same with I and Q. */
void oac_modem_tone(const struct oac_modem_drive *drive, const uint16_t *code, size_t slots,
                    uint16_t *sample);
double oac_modem_untone(const struct oac_modem *self, const struct oac_modem_plan *plan,
                        size_t k, const double phasor[2], const float *value);
/* turned (2 samples) = value (2 samples) with the product's turning taken out. */
void oac_modem_turn_back(const struct oac_modem *self, size_t samples, const double *value,
                         double *turned);

/* modem_subcarrier.c: caps as the link sees them, and the drives. */
enum oac_status oac_modem_subcarrier_make(struct oac_modem *self,
                                          struct oac_err *err) OAC_MUST_USE;
void oac_modem_drive_fini(struct oac_modem_drive *drive);

/* modem_record.c: the nominal record, scaled where slots return to dark; the lit share of the
 * weights. */
enum oac_status oac_modem_record_make(struct oac_modem *self, struct oac_err *err) OAC_MUST_USE;
double oac_modem_duty(const struct oac_modem *self);

/* modem_receive.c */
/* Gates and picks of a loaded frame's windows; on a stream whose delays change the picks are
 * all samples. */
enum oac_status oac_modem_plan_make(const struct oac_modem *self,
                                    const struct oac_modem_frame *loaded,
                                    struct oac_modem_plan *plan,
                                    struct oac_err *err) OAC_MUST_USE;
/* Sampled receivers: where each row's samples are among the picks, delays (rows) being these when the payload
 * begins, and growing by drift_s (rows) in a slot (NULL: not at all). False: outside. */
bool oac_modem_plan_place(const struct oac_modem *self, const double *delay_s,
                          const double *drift_s, struct oac_modem_plan *plan);
void oac_modem_plan_fini(struct oac_modem_plan *plan);
/* code (rows) of one window from rx (rows, picks); phasor (rows, 2) where readouts have I and Q. */
void oac_modem_readouts(const struct oac_modem *self, const struct oac_modem_plan *plan,
                        const double *phasor, const float *rx, float *code);

/* modem_preamble.c */
enum oac_status oac_modem_sequence_make(struct oac_modem *self, unsigned stages, size_t rows,
                                        size_t parts, struct oac_modem_sequence *sequence,
                                        struct oac_err *err) OAC_MUST_USE;
void oac_modem_sequence_fini(struct oac_modem_sequence *sequence);

/* modem_sequences.c: preamble and word, and the caps that follow from them; what was there before is dropped. */
enum oac_status oac_modem_sequences_make(struct oac_modem *self,
                                         struct oac_err *err) OAC_MUST_USE;

/* modem_sound.c: plays constant codes, and takes those that show most for preambles. */
bool oac_modem_can_sound(const struct oac_modem *self);
/* *shown: some readout saw both halves; if none did, the alignment is as it was, but for codes that no longer
 * matter. Readouts that did not have levels of 0. */
enum oac_status oac_modem_sound(struct oac_modem *self, bool *shown,
                                struct oac_err *err) OAC_MUST_USE;
/* Light on readout k, in units of both open. Pure. */
double oac_modem_sounding_open(const struct oac_modem *self, size_t k); /* [code] those */
double oac_modem_sounding_level(const struct oac_modem *self, size_t k,
                                enum oac_modem_level weight, enum oac_modem_level client);

/* modem_sync.c */
/* Segments and values of one run. Pure. */
size_t oac_modem_sequence_segments(const struct oac_modem_sequence *sequence);
/* Appends one run, heard at rx (heard), slot0 of its first slot. */
void oac_modem_sequence_append(const struct oac_modem *self,
                               const struct oac_modem_sequence *sequence, uint64_t slot0,
                               float *rx, struct oac_stream_segment *segment);
/* The workspace's heard: as many zeros as the sequence brings. */
enum oac_status oac_modem_hear_nothing(struct oac_workspace *work,
                                       const struct oac_modem_sequence *sequence,
                                       struct oac_err *err) OAC_MUST_USE;
/* Adds what one run brought (rx) to heard. */
void oac_modem_sequence_add(const struct oac_modem *self,
                            const struct oac_modem_sequence *sequence, const float *rx,
                            double *heard);
/* Plays `repeats` runs (in one burst if they fit) and adds them to the workspace's heard. */
enum oac_status oac_modem_sequence_play(struct oac_modem *self,
                                        const struct oac_modem_sequence *sequence,
                                        uint64_t slot0, size_t repeats,
                                        struct oac_err *err) OAC_MUST_USE;
/* Runs that one burst takes, at least 1. */
size_t oac_modem_sequence_repeats(const struct oac_modem *self,
                                  const struct oac_modem_sequence *sequence);
/* Where part `part` of what was heard stands on a readout; look between min and max [samples]. skew [slots]:
 * of the client's data there, which shows only where sounded codes are not dark. phasor (2): of a readout with
 * I and Q, the phase in which the light of the sequence rises; NULL: not wanted. */
enum oac_status oac_modem_sequence_find(const struct oac_modem *self,
                                        const struct oac_modem_sequence *sequence,
                                        const double *heard, size_t part, size_t row,
                                        double skew, double min_delay, double max_delay,
                                        struct oac_align_fit *fit, double *phasor,
                                        struct oac_err *err) OAC_MUST_USE;

/* modem_burst.c */
/* Whether weights and client play, on a stream that may have lost either: in the dark of one that rests the other
 * is seen, too, but not both alike. Pure. */
bool oac_modem_alike(const struct oac_modem *self, const struct oac_align_fit *weights,
                     const struct oac_align_fit *client);
/* What is played behind a burst. */
const struct oac_modem_sequence *oac_modem_tail(const struct oac_modem *self);

/* modem_drift.c: readouts whose clock is not that of the drives. */
/* Windows of so many slots that a burst may have, and runs that may add up; SIZE_MAX: any number. Pure. */
size_t oac_modem_drift_windows(const struct oac_modem *self, size_t slots);
size_t oac_modem_drift_repeats(const struct oac_modem *self,
                               const struct oac_modem_sequence *sequence);
/* Slots from the delay's place in the preamble to the word behind so many windows. Pure. */
double oac_modem_drift_length(const struct oac_modem *self, size_t windows, size_t slots);
/* oac_modem_plan_place at the burst's window i. */
bool oac_modem_drift_place(const struct oac_modem *self, struct oac_workspace *work, size_t i);

/* modem_listen.c: finds delays and skew; NAN where a laser is off and where a readout is blind. */
bool oac_modem_laser(struct oac_modem *self, size_t channel); /* is on, or cannot be switched */
bool oac_modem_blind(const struct oac_modem *self, size_t channel);
enum oac_status oac_modem_listen(struct oac_modem *self, struct oac_err *err) OAC_MUST_USE;
/* Status: OAC_EDEVICE when one of the first `rows` readouts is blind, `unused` (NULL: none) or not. Pure. */
enum oac_status oac_modem_check_seen(const struct oac_modem *self, size_t rows,
                                     const bool *unused, struct oac_err *err) OAC_MUST_USE;

/* modem_align.c: takes the skew out. */
enum oac_status oac_modem_align(struct oac_modem *self, struct oac_err *err) OAC_MUST_USE;

/* modem_burst.c: one call of play and its bursts. */
struct oac_modem_job {
    const struct oac_modem_frame *loaded;
    const struct oac_activation_frame *frame;
    struct oac_readouts *readouts;
    size_t samples; /* client samples of a segment */
    double photons;
    uint32_t saturated;
    uint64_t words, sync_slots; /* played besides the windows */
};
/* Windows that one burst takes, at least 1. */
size_t oac_modem_burst_windows(const struct oac_modem *self, const struct oac_modem_plan *plan);
/* Plays windows first .. first+count-1. *good: all came back and in time; then their readouts
 * are written, with `flags` raised. check: with sync words also where the stream needs none. */
enum oac_status oac_modem_burst_play(struct oac_modem *self, struct oac_workspace *work,
                                     struct oac_modem_job *job, size_t first, size_t count,
                                     bool check, uint8_t flags, bool *good,
                                     struct oac_err *err) OAC_MUST_USE;

/* modem_play.c */
enum oac_status oac_modem_play(struct oac_modem *self, uint32_t handle,
                               struct oac_workspace *workspace,
                               const struct oac_activation_frame *frame,
                               struct oac_readouts *readouts, struct oac_err *err) OAC_MUST_USE;

#endif
