# Completion of pg_replication_exporter in bash: what its own --help lists.
# SPDX-License-Identifier: Apache-2.0

_pg_replication_exporter() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local help commands command='' one
  help=$("$program" --help 2>/dev/null) || return
  commands=$(sed -n '/^Sub-commands/,/^$/s/^  \([a-z]*\) .*/\1/p' <<<"$help")
  for one in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if grep -qxF -e "$one" <<<"$commands"; then command=$one; break; fi
  done
  [[ ! $command ]] || help=$("$program" "$command" --help 2>/dev/null)
  # --flag=FILE comes in three words.
  if [[ $previous == --*config.file || ${COMP_WORDS[*]:COMP_CWORD-2:2} == --*'config.file =' ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "${word#=}")
    return
  fi
  [[ $command ]] || help+=" $commands"
  mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '--[a-z][a-z.-]+' <<<"$help" | sort -u)
    $([[ $command ]] || printf '%s' "$commands")" -- "$word")
}

complete -F _pg_replication_exporter pg_replication_exporter
