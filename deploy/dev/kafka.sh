#!/usr/bin/env bash
# One real Apache Kafka node on this machine, for trying the carrier and for the tests that need a cluster.
#
#   deploy/dev/kafka.sh start        brings Kafka from Maven Central (once), starts it, prints its address
#   deploy/dev/kafka.sh bootstrap    prints the address of the running node
#   deploy/dev/kafka.sh stop         ends it
#
# Everything lies in target/kafka (or $YIJIAN_KAFKA_HOME). Each start is an empty cluster: the bus is a carrier, not a
# memory. It listens on this machine only, on free ports ($YIJIAN_KAFKA_PORT and the one after it, if set). Needed: a
# JDK of version 17 or later, and Maven.
set -euo pipefail

readonly VERSION=4.1.0
# A node that is going to start does so in three to five seconds; a minute allows for a machine that is compiling.
readonly START_SECONDS_MAX=60
readonly STOP_SECONDS_MAX=30

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly root
readonly home=${YIJIAN_KAFKA_HOME:-$root/target/kafka}
readonly library=$home/$VERSION/lib

say() { printf 'kafka.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# The number of our node, if it runs. A number that another program has taken over since is not ours.
running() {
    local number
    [[ -f $home/pid ]] || return 1
    number=$(<"$home/pid")
    [[ $number =~ ^[0-9]+$ && -r /proc/$number/cmdline ]] || return 1
    tr '\0' ' ' <"/proc/$number/cmdline" | grep -qF "$home/server.properties" || return 1
    printf '%s\n' "$number"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The first of two neighbouring ports that nobody listens on, below those that the system gives to clients.
free_ports() {
    local port
    for _ in {1..200}; do
        port=$((20000 + RANDOM % 10000))
        if ! listening "$port" && ! listening "$((port + 1))"; then
            printf '%s\n' "$port"
            return
        fi
    done
    fail 'no free ports between 20000 and 30000'
}

bring() {
    [[ -f $library/.complete ]] && return
    say "bringing Apache Kafka $VERSION by Maven (about 45 MB)"
    mkdir -p "$library"
    cat >"$home/$VERSION/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>dev</groupId><artifactId>kafka-dist</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version>
  </dependency></dependencies></project>
POM
    (cd "$home/$VERSION" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib -DincludeScope=runtime) >&2
    touch "$library/.complete"
}

configure() {
    local port=$1
    cat >"$home/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$home/data
num.partitions=6
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
}

start() {
    local port number second
    if number=$(running); then
        say "it runs already (process $number)"
        cat "$home/bootstrap"
        return
    fi
    command -v java >/dev/null || fail 'java is missing: install a JDK of version 17 or later'
    command -v mvn >/dev/null || fail 'mvn is missing: install Maven'
    bring
    port=${YIJIAN_KAFKA_PORT:-$(free_ports)}
    rm -rf "$home/data" "$home/bootstrap" "$home/pid"
    configure "$port"
    java -cp "$library/*" kafka.tools.StorageTool format -t eWlqaWFuLWRldi1rYWZrYQ -c "$home/server.properties" \
        >"$home/format.log" 2>&1 || { cat "$home/format.log" >&2; fail 'the data folder cannot be formatted'; }
    setsid nohup java -Xms256m -Xmx512m -cp "$library/*" kafka.Kafka "$home/server.properties" \
        >"$home/server.log" 2>&1 </dev/null &
    printf '%s\n' $! >"$home/pid"
    for ((second = 0; second < START_SECONDS_MAX; second++)); do
        if listening "$port"; then
            printf '127.0.0.1:%s\n' "$port" | tee "$home/bootstrap"
            return
        fi
        kill -0 "$(<"$home/pid")" 2>/dev/null || break
        sleep 1
    done
    tail -n 30 "$home/server.log" >&2
    stop
    fail "it did not listen within $START_SECONDS_MAX s; see $home/server.log"
}

stop() {
    local number second
    if ! number=$(running); then
        rm -f "$home/pid" "$home/bootstrap"
        return
    fi
    kill "$number"
    for ((second = 0; second < STOP_SECONDS_MAX; second++)); do
        kill -0 "$number" 2>/dev/null || break
        sleep 1
    done
    kill -KILL "$number" 2>/dev/null || true
    rm -f "$home/pid" "$home/bootstrap"
}

bootstrap() {
    running >/dev/null || fail "it does not run: deploy/dev/kafka.sh start"
    cat "$home/bootstrap"
}

case ${1:-} in
start | stop | bootstrap) "$1" ;;
*)
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
