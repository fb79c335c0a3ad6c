#!/bin/sh
# Puts passwords into users.acl. FOLDER holds a file for each user, named like
# it, with the password and nothing else; a user without a file is switched off.
#
#   deploy/redis/passwords.sh FOLDER <deploy/redis/users.acl >/etc/redis/users.acl
#
# No password stands in the result, in an argument or in the environment.
set -eu

folder=${1:?which folder holds the passwords?}
nobody=0000000000000000000000000000000000000000000000000000000000000000

while read -r word user rest; do
  case $rest in
  "on #$nobody "*)
    if [ -f "$folder/$user" ]; then
      hash=$(tr -d '\n' <"$folder/$user" | sha256sum | cut -d ' ' -f 1)
      printf '%s %s on #%s %s\n' "$word" "$user" "$hash" "${rest#"on #$nobody "}"
    else
      printf '%s %s off %s\n' "$word" "$user" "${rest#"on #$nobody "}"
    fi
    ;;
  *) printf '%s %s %s\n' "$word" "$user" "$rest" ;;
  esac
done
