#!/usr/bin/env bash
# Gathers the licences and notices of what is linked into the program: Swift packages and the Swift runtime.
#
# Usage: notices.sh CHECKOUTS OUT    CHECKOUTS: .build/checkouts, as the build leaves it
set -euo pipefail
checkouts=$1
out=$2
resources=$({ swift -print-target-info 2>/dev/null || true; } | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
runtime=${resources:+$(dirname "$(dirname "$resources")")/share/swift/LICENSE.txt}
{
  echo "hera is linked with these works. Each keeps its own licence."
  if [ -f "$runtime" ]; then
    printf '\n==== The Swift runtime and Foundation ====\n\n'
    cat "$runtime"
  fi
  if [ -d "$checkouts" ]; then
    find "$checkouts" \( -path '*/Tests/*' -o -path '*/scripts/*' -o -path '*/.git/*' \) -prune -o -type f \
        \( -name 'LICENSE' -o -name 'LICENSE.txt' -o -name 'NOTICE' -o -name 'NOTICE.txt' \) -print | sort \
      | while read -r file; do
        printf '\n==== %s ====\n\n' "${file#"$checkouts"/}"
        cat "$file"
      done
  fi
} > "$out"
[ -d "$checkouts" ] || echo "notices: no $checkouts: the licences of the Swift packages are left out of $out" >&2
