/** RFC 8460 4.4 as a schema of its own: what a report we write is held against, by nothing that wrote it. */
import * as v from "valibot";

const dateTime = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const domain = v.pipe(v.string(), v.regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/));
const ip = v.pipe(v.string(), v.ip());

const failure = v.strictObject({
  "result-type": v.picklist([
    "starttls-not-supported",
    "certificate-host-mismatch",
    "certificate-not-trusted",
    "certificate-expired",
    "validation-failure",
    "tlsa-invalid",
    "dnssec-invalid",
    "dane-required",
    "sts-policy-fetch-error",
    "sts-policy-invalid",
    "sts-webpki-invalid",
  ]),
  "sending-mta-ip": v.optional(ip),
  "receiving-mx-hostname": v.optional(v.string()),
  "receiving-mx-helo": v.optional(v.string()),
  "receiving-ip": v.optional(ip),
  "failed-session-count": count,
  "additional-information": v.optional(v.string()),
  "failure-reason-code": v.optional(v.string()),
});

/** The whole report; keys that the RFC does not have are faults. */
export const TLS_REPORT = v.strictObject({
  "organization-name": v.pipe(v.string(), v.minLength(1)),
  "date-range": v.strictObject({ "start-datetime": dateTime, "end-datetime": dateTime }),
  "contact-info": v.pipe(v.string(), v.minLength(1)),
  "report-id": v.pipe(v.string(), v.minLength(1)),
  policies: v.pipe(
    v.array(v.strictObject({
      policy: v.strictObject({
        "policy-type": v.picklist(["tlsa", "sts", "no-policy-found"]),
        "policy-string": v.optional(v.array(v.string())),
        "policy-domain": domain,
        "mx-host": v.optional(v.array(v.string())),
      }),
      summary: v.strictObject({
        "total-successful-session-count": count,
        "total-failure-session-count": count,
      }),
      "failure-details": v.optional(v.array(failure)),
    })),
    v.minLength(1),
  ),
});
