/** The shell script at the head of a portable build. It needs sh, coreutils, tar and gzip, which every Debian has. */

/** A packed part of the file. */
export interface Section {
  /** Octets before it. */
  readonly at: number;
  readonly size: number;
  /** Of the program: the packed octets. Of the runtime: the executable in it. */
  readonly sha256: string;
}

export interface StarterFacts {
  readonly version: string;
  readonly target: string;
  readonly flags: readonly string[];
  readonly program: Section;
  /** Unpacked, the executable is `length` octets after the first `skip`. */
  readonly runtime: Section & { readonly skip: number; readonly length: number };
}

/** What the runtime is told besides the task's flags: take the program as it is, look for nothing else, fetch nothing. */
const ALONE = ["--no-config", "--no-lock", "--no-npm", "--no-remote", "--node-modules-dir=none"];

/** The script's text. Its length depends on version, target and flags only. */
export function formatStarter(facts: StarterFacts): string {
  const { program, runtime } = facts;
  const flags = [...facts.flags, ...ALONE].map(quoted).join(" ");
  return `#!/bin/sh
# Roost ${facts.version} for ${facts.target}, portable build. This script starts it; the program and its runtime follow, packed.
# They are unpacked once, into a private cache folder, and checked; later starts only look whether they were touched since.
machine=${quoted(facts.target.split("-")[0] ?? "")}
program_at=${digits(program.at + 1)} program_size=${digits(program.size)}
program_sum=${program.sha256}
runtime_at=${digits(runtime.at + 1)} runtime_skip=${digits(runtime.skip + 1)} runtime_length=${
    digits(runtime.length)
  }
runtime_sum=${runtime.sha256}
${SCRIPT}DENO_DIR=$cache/engine DENO_NO_UPDATE_CHECK=1 ROOST_FILE=$self
export DENO_DIR DENO_NO_UPDATE_CHECK ROOST_FILE
exec "$runtime" run ${flags} "$program/main.js" "$@"
`;
}

/** Twelve characters for any file below a terabyte; what fills them up lies outside the word. */
function digits(n: number): string {
  return String(n).padEnd(12);
}

/** As one word for sh. */
export function quoted(word: string): string {
  return /^[\w\-=.,:/@%+]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Sets cache, runtime and program, or ends. Functions with ( ) run in a subshell, so that umask and traps stay there. */
const SCRIPT = String.raw`
self=$0
[ -f "$self" ] || self=$(command -v -- "$0")
case $self in /*) ;; *) self=$PWD/$self ;; esac
me=$(id -u)
tried=

# Whether only we and root can change what is in the folder. What lies there is going to be run, so another's folder will not do.
safe() {
  dir=$(cd -P -- "$1" 2>/dev/null && pwd -P) || return 1
  set -- "$dir"
  while dir=${"$"}{dir%/*}; [ -n "$dir" ]; do set -- "$@" "$dir"; done
  owners=$(stat -c '%u %a' -- "$@" /) || return 1
  own=yes
  while read -r owner mode; do
    if [ "$own" ]; then
      [ "$owner" = "$me" ] || return 1
      case $mode in *[2367]? | *[2367]) return 1 ;; esac
      own=
      continue
    fi
    [ "$owner" = "$me" ] || [ "$owner" = 0 ] || return 1
    case $mode in [1357]???) ;; *[2367]) return 1 ;; esac
  done <<END
$owners
END
}

# Makes a folder, but leaves nothing in the home of somebody else, where root may come by sudo.
make() {
  up=$1
  until [ -d "$up" ]; do up=${"$"}{up%/*}; [ "$up" ] || up=/; done
  owner=$(stat -L -c %u -- "$up") || return 1
  [ "$owner" = "$me" ] || [ "$owner" = 0 ] || return 1
  (umask 077 && mkdir -p -- "$1") 2>/dev/null
}

# What changes whenever somebody writes to the unpacked files.
look() {
  stat -c '%n %s %i %a %y %z' -- "$runtime" "$program"/* 2>/dev/null
}

fresh() {
  [ -f "$stamp" ] && seen=$(look) && [ "$seen" = "$(cat -- "$stamp")" ]
}

holds() {
  [ -f "$1" ] && [ "$(sha256sum <"$1")" = "$2  -" ]
}

damaged() {
  echo "roost: $self is damaged or was not copied whole; copy it again (SHA256SUMS tells)" >&2
  exit 3
}

# 0 done, 1 not possible in this folder, 3 not possible at all.
unpack() (
  umask 077
  new=$(mktemp -d "$cache/.new-XXXXXXXX" 2>/dev/null) || exit 1
  trap 'rm -rf "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  if ! holds "$runtime" "$runtime_sum" || [ ! -x "$runtime" ]; then
    tail -c +$runtime_at -- "$self" | gzip -dc 2>/dev/null | tail -c +$runtime_skip 2>/dev/null | head -c $runtime_length 2>/dev/null >"$new/roost" || exit 1
    holds "$new/roost" "$runtime_sum" || damaged
    chmod 700 "$new/roost"
    "$new/roost" --version >/dev/null 2>&1 || exit 1 # no execution from this file system
    sync "$new/roost" && mkdir -p "${"$"}{runtime%/*}" && mv -f "$new/roost" "$runtime" && sync "${"$"}{runtime%/*}" || exit 1
  fi
  tail -c +$program_at -- "$self" 2>/dev/null | head -c $program_size 2>/dev/null >"$new/program" || exit 1
  holds "$new/program" "$program_sum" || damaged
  mkdir -p "$new/files" "$program" && gzip -dc <"$new/program" | tar -xof - -C "$new/files" || exit 1
  sync "$new"/files/* && mv -f "$new"/files/* "$program/" && sync "$program" || exit 1
  look >"$new/stamp" && mv -f "$new/stamp" "$stamp" && sync "$cache" || exit 1
  # What earlier versions and interrupted starts left. A running server has its runtime open, but may yet read its program.
  for old in "$cache"/runtime-*; do
    [ "$old" = "${"$"}{runtime%/*}" ] || find "$old" -maxdepth 0 -mtime +0 -exec rm -rf {} + 2>/dev/null
  done
  find "$cache" -maxdepth 1 \( -name '.new-*' -mmin +60 -o -name 'program-*' -mtime +400 ! -path "$program*" \) -exec rm -rf {} + 2>/dev/null
  exit 0
)

# Whether the runtime stands ready in this folder, unpacked now if need be.
ready() {
  cache=$1
  tried="$tried $cache"
  [ -d "$cache" ] || make "$cache" || return 1
  safe "$cache" || return 1
  runtime=$cache/runtime-${"$"}{runtime_sum%????????????????????????????????????????????????}/roost
  program=$cache/program-${"$"}{program_sum%????????????????????????????????????????????????}
  stamp=$program.stamp
  fresh && return
  unpack
  code=$?
  [ $code = 3 ] && exit 1
  return $code
}

find_cache() {
  case ${"$"}{CACHE_DIRECTORY-} in /*) ready "${"$"}{CACHE_DIRECTORY%%:*}" && return ;; esac
  case ${"$"}{XDG_CACHE_HOME-} in /*) ready "$XDG_CACHE_HOME/roost" && return ;; esac
  [ -O /var/cache/roost ] && ready /var/cache/roost && return # the server's user, whose home is what is backed up
  case ${"$"}{HOME-} in /?*) ready "$HOME/.cache/roost" && return ;; esac
  case ${"$"}{STATE_DIRECTORY-} in /*) ready "${"$"}{STATE_DIRECTORY%%:*}/cache" && return ;; esac
  ready /var/cache/roost && return
  ready "${"$"}{self%/*}/.roost-$me" && return
  ready "/var/tmp/roost-$me" && return
  ready "${"$"}{TMPDIR:-/tmp}/roost-$me"
}

find_cache || {
  bits=$(getconf LONG_BIT 2>/dev/null)
  if [ "$(uname -m)" != "$machine" ] || [ "${"$"}{bits:-64}" != 64 ]; then
    echo "roost: this file is for 64-bit systems of the kind $machine; this is $(uname -m), ${"$"}{bits:-64} bit. Take the file for it" >&2
    exit 1
  fi
  echo "roost: no folder to unpack the runtime into (100 MB, ours alone, programs may run from it); tried:$tried; set XDG_CACHE_HOME to one" >&2
  exit 1
}
`;
