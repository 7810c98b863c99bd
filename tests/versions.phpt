--TEST--
Versions: header, extension, package.xml, composer.json and the relay agree
--EXTENSIONS--
clairon
--FILE--
<?php
$source = getenv('CLAIRON_SOURCE') ?: __DIR__ . '/..';
preg_match('/#define CLN_VERSION "(.*)"/', file_get_contents("$source/wire/version.h"), $m);
$version = $m[1];
$is = ['extension' => phpversion('clairon')];
ob_start();
(new ReflectionExtension('clairon'))->info();
preg_match('/^Version => (.*)$/m', ob_get_clean(), $m);
$is['phpinfo'] = $m[1];
if (is_file("$source/package.xml")) {
    $xml = package_versions("$source/package.xml");
    $is += ['package release' => $xml[0], 'package api' => $xml[1]];
}
if (is_file("$source/composer.json")) {
    $alias = json_decode(file_get_contents("$source/composer.json"), true)['extra']['branch-alias']['dev-main'];
    $is['composer alias'] = $alias === preg_replace('/\.\d+$/', '.x-dev', $version) ? $version : $alias;
}
$relay = getenv('CLAIRON_RELAY');
if ($relay && is_executable($relay)) {
    preg_match('/\d+\.\d+\.\d+\S*/', shell_exec(escapeshellarg($relay) . ' --version'), $m);
    $is['relay'] = $m[0];
}
foreach ($is as $what => $found) {
    if ($found !== $version) {
        echo "$what says $found, wire/version.h $version\n";
    }
}
echo "done\n";

/** Release and API version, without the xml extension, which a small PHP lacks. */
function package_versions(string $path): array
{
    preg_match('~<version>\s*<release>(.*)</release>\s*<api>(.*)</api>~', file_get_contents($path), $m);
    return [$m[1], $m[2]];
}
?>
--EXPECT--
done
