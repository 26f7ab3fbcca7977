/** What `roost install` puts into the system besides the executable: the files of systemd/, which the executable carries. */
import backupService from "../../../systemd/roost-backup.service" with { type: "text" };
import backupTimer from "../../../systemd/roost-backup.timer" with { type: "text" };
import service from "../../../systemd/roost.service" with { type: "text" };
import sysusers from "../../../systemd/roost.sysusers" with { type: "text" };
import tmpfiles from "../../../systemd/roost.tmpfiles" with { type: "text" };

/** Path in the system -> text. */
export const UNITS: ReadonlyMap<string, string> = new Map([
  ["/etc/sysusers.d/roost.conf", sysusers],
  ["/etc/tmpfiles.d/roost.conf", tmpfiles],
  ["/etc/systemd/system/roost.service", service],
  ["/etc/systemd/system/roost-backup.service", backupService],
  ["/etc/systemd/system/roost-backup.timer", backupTimer],
]);
