--TEST--
Reflection of the extension agrees with its stubs: classes, methods, parameters, types, defaults, constants
--EXTENSIONS--
clairon
--FILE--
<?php
// The stubs are PHP: loaded under another namespace they are compared with the real thing.
foreach (['Exception', 'Publisher', 'Dispatcher'] as $name) {
    $code = file_get_contents(__DIR__ . "/../stubs/$name.stub.php");
    $code = preg_replace(['/^<\?php/', '/^namespace Clairon/m', '/= UNKNOWN/', '/\): (int|bool|array|string) \{\}/'],
        ['', 'namespace Stub\Clairon', '= 0', '): $1 { exit; }'], $code);
    eval($code);
}
function describe(string $class): array
{
    $r = new ReflectionClass($class);
    $own = fn (string $name) => preg_replace('/^Stub\\\\/', '', $name);
    $out = [$own($r->getName()), 'final' => $r->isFinal(), 'interface' => $r->isInterface(),
        'parent' => $r->getParentClass() ? $own($r->getParentClass()->getName()) : null,
        'interfaces' => array_values(array_filter(array_map($own, $r->getInterfaceNames()), fn ($n) => $n !== 'Stringable'))];
    sort($out['interfaces']);
    foreach ($r->getReflectionConstants() as $constant) {
        $out['constants'][] = $constant->getName() . ' ' . implode(' ', Reflection::getModifierNames($constant->getModifiers()));
    }
    foreach ($r->getMethods() as $method) {
        if ($own($method->class) !== $out[0]) {
            continue;
        }
        $text = implode(' ', Reflection::getModifierNames($method->getModifiers())) . ' ' . $method->getName() . '(';
        foreach ($method->getParameters() as $p) {
            $types = explode('|', (string) $p->getType());
            sort($types);
            $text .= implode('|', $types) . ' $' . $p->getName();
            $text .= $p->isOptional() ? ' = ' . var_export($p->getDefaultValue(), true) : '';
            $text .= $p->getAttributes(SensitiveParameter::class) ? ' sensitive' : '';
            $text .= ', ';
        }
        $out['methods'][] = $text . '): ' . $method->getReturnType();
    }
    return $out;
}
$extension = new ReflectionExtension('clairon');
foreach ($extension->getClassNames() as $class) {
    $same = describe($class) == describe("Stub\\$class");
    echo $class, $same ? " as in the stub\n" : " DIFFERS\n";
    if (!$same) {
        print_r([describe($class), describe("Stub\\$class")]);
    }
}
print_r(describe('Clairon\Publisher')['methods']);
echo implode(' ', array_keys($extension->getINIEntries())), "\n";
echo json_encode([$extension->getFunctions(), $extension->getConstants(), $extension->getDependencies()]), "\n";
?>
--EXPECT--
Clairon\Exception\ClaironException as in the stub
Clairon\Exception\PayloadException as in the stub
Clairon\Publisher as in the stub
Clairon\Dispatcher as in the stub
Array
(
    [0] => public __construct(string $dsn sensitive, array $options sensitive, ): 
    [1] => public trigger(array|string $channels, string $event, mixed $data, ?string $socketId = NULL, ?string $flush = NULL, ): int
    [2] => public triggerBatch(array $batch, ?string $flush = NULL, ): int
    [3] => public flush(int $timeoutMs = 250, ): bool
    [4] => public stats(): array
    [5] => public authorizeChannel(string $channel, string $socketId, ?string $channelData = NULL, ): string
    [6] => public authorizePresenceChannel(string $channel, string $socketId, string $userId, mixed $userInfo = NULL, ): string
    [7] => public authenticateUser(string $socketId, array $userData, ): string
)
clairon.outbox_events clairon.outbox_bytes clairon.cli_wait_ms clairon.end_wait_ms clairon.spool_bytes clairon.spool_age_s clairon.ack_timeout_ms clairon.log_errors
[[],[],{"hash":"Required","json":"Required"}]
