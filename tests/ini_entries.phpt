--TEST--
INI: values out of range are refused and leave the default
--EXTENSIONS--
clairon
--INI--
clairon.outbox_events=0
clairon.outbox_bytes=100
clairon.end_wait_ms=61000
clairon.cli_wait_ms=-1
--FILE--
<?php
foreach (['outbox_events', 'outbox_bytes', 'cli_wait_ms', 'end_wait_ms', 'log_errors'] as $name) {
    echo $name, ' = ', ini_get("clairon.$name"), "\n";
}
var_dump(ini_set('clairon.cli_wait_ms', '20'), ini_get('clairon.cli_wait_ms'));
var_dump(ini_set('clairon.cli_wait_ms', 'soon'), ini_get('clairon.cli_wait_ms'));
var_dump(ini_set('clairon.outbox_events', '20'));
var_dump(ini_set('clairon.log_errors', '0'));
?>
--EXPECT--
outbox_events = 1000
outbox_bytes = 4194304
cli_wait_ms = 5000
end_wait_ms = 250
log_errors = 1
string(4) "5000"
string(2) "20"
bool(false)
string(2) "20"
bool(false)
string(1) "1"
