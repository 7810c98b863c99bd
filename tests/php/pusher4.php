<?php

// SPDX-License-Identifier: MIT
//
// Every call of pusher/pusher-php-server 4.1 against a relay. It answers true and false where
// later ones return objects and throw.
//   php pusher4.php FOLDER        the folder whose vendor/ has the library

declare(strict_types=1);

use Clairon\Tests\Php\Support\Checks;
use Clairon\Tests\Php\Support\Client;
use Clairon\Tests\Php\Support\Endpoint;
use Clairon\Tests\Php\Support\Relay;
use Pusher\Pusher;
use Pusher\PusherException;

require __DIR__ . '/support/all.php';
require __DIR__ . "/{$argv[1]}/vendor/autoload.php";

$c = new Checks('pusher-php-server ' . Pusher::$VERSION);
$endpoint = new Endpoint();
$relay = new Relay(['--webhooks', "{$endpoint->url} channel:private-hooked", '--subscription-count', 'true']);
$options = ['host' => '127.0.0.1', 'port' => $relay->port, 'scheme' => 'http', 'timeout' => 10];
$pusher = new Pusher(Relay::KEY, Relay::SECRET, Relay::ID, $options);

$c->test('get_channels() of an empty server', static function () use ($c, $pusher): void {
    $c->sameJson('{"channels":[]}', $pusher->get_channels()); // the library made an array of the object
    $c->sameJson('{"occupied":false}', $pusher->get_channel_info('nobody'));
    $c->sameJson('{"users":[]}', $pusher->get_users_info('presence-nobody'));
});

$client = new Client($relay);
$other = new Client($relay);
foreach ([$client, $other] as $each) {
    $each->subscribe('a');
    $each->heard('a');
}

$c->test('trigger()', static function () use ($c, $pusher, $client, $other): void {
    $client->subscribe('b');
    $client->heard('a');
    $client->heard('b');
    $other->heard('a');
    $c->same(true, $pusher->trigger('a', 'ev', ['msg' => 'é/']));
    $c->same([['ev', '{"msg":"\u00e9\/"}']], $client->heard('a'));
    $c->same(true, $pusher->trigger(['a', 'b'], 'ev', 'hello', $client->socketId));
    $c->same([], $client->heard('a'));
    $c->same([], $client->heard('b'));
    $c->same([['ev', '{"msg":"\u00e9\/"}'], ['ev', '"hello"']], $other->heard('a'));
    $c->same(true, $pusher->trigger('a', 'raw', "1.0 \t<", null, false, true));
    $c->same([['raw', "1.0 \t<"]], $client->heard('a'));
    $answer = $pusher->trigger('a', 'ev', 1, null, true);
    $c->same([200, '{}'], [$answer['status'], $answer['body']]);
});

$c->test('triggerBatch()', static function () use ($c, $pusher, $client): void {
    $client->heard('a');
    $batch = array_map(static fn (int $i): array => ['channel' => 'a', 'name' => "b{$i}", 'data' => ['i' => $i]], range(0, 9));
    $c->same(true, $pusher->triggerBatch($batch));
    $c->same(array_map(static fn (int $i): array => ["b{$i}", "{\"i\":{$i}}"], range(0, 9)), $client->heard('a'));
    $c->same(false, $pusher->triggerBatch([...$batch, $batch[0]]));
    $c->same(400, $pusher->triggerBatch([...$batch, $batch[0]], true)['status']);
});

$c->test('questions about channels', static function () use ($c, $pusher, $client): void {
    $proof = $pusher->presence_auth('presence-room', $client->socketId, '7', ['name' => 'Zoë']);
    $c->same(1, $client->subscribe('presence-room', $proof)['presence']['count']);
    $c->sameJson('{"channels":{"presence-room":{"user_count":1}}}', $pusher->get_channels(['filter_by_prefix' => 'presence-', 'info' => 'user_count']));
    $c->same(1, $pusher->get_channel_info('presence-room', ['info' => 'user_count'])->user_count);
    $c->same(2, $pusher->get_channel_info('a', ['info' => 'subscription_count'])->subscription_count);
    $c->sameJson('{"users":[{"id":"7"}]}', $pusher->get_users_info('presence-room'));
    $c->same(true, isset($pusher->get('/channels')['result']['channels']['a']));
    $c->same(false, $pusher->get_users_info('a'));
    $c->same(false, $pusher->get('/channels', ['info' => 'user_count']));
});

$c->test('private and encrypted channels', static function () use ($c, $pusher, $client, $options): void {
    $client->subscribe('private-x', $pusher->socket_auth('private-x', $client->socketId));
    $secretive = new Pusher(Relay::KEY, Relay::SECRET, Relay::ID, $options + ['encryption_master_key_base64' => base64_encode(str_repeat('k', 32))]);
    $proof = $secretive->socket_auth('private-encrypted-x', $client->socketId);
    $client->subscribe('private-encrypted-x', $proof);
    $c->same(true, $secretive->trigger('private-encrypted-x', 'ev', ['hello' => 'world']));
    $box = json_decode($client->event('ev', 'private-encrypted-x')['data']);
    $text = sodium_crypto_secretbox_open(
        base64_decode($box->ciphertext),
        base64_decode($box->nonce),
        base64_decode(json_decode($proof)->shared_secret),
    );
    $c->same('{"hello":"world"}', $text);
});

$c->test('webhook() takes a real webhook and refuses a changed one', static function () use ($c, $pusher, $client, $endpoint): void {
    $channel = 'private-hooked';
    $client->subscribe($channel, $pusher->socket_auth($channel, $client->socketId));
    [$headers, $body] = $endpoint->requestWith(static fn (object $event): bool => $event->name === 'channel_occupied');
    $c->same($channel, $pusher->webhook($headers, $body)->get_events()[0]->channel);
    $c->throws(PusherException::class, static fn () => $pusher->webhook($headers, "{$body} "));
});

$c->test('refusals', static function () use ($c, $pusher, $options): void {
    $c->same(false, $pusher->trigger('a', 'ev', str_repeat('x', 10241), null, false, true));
    $c->same(413, $pusher->trigger('a', 'ev', str_repeat('x', 10241), null, true, true)['status']);
    $c->same(false, (new Pusher(Relay::KEY, 'wrong', Relay::ID, $options))->trigger('a', 'ev', 1));
    $c->same(401, (new Pusher(Relay::KEY, 'wrong', Relay::ID, $options))->trigger('a', 'ev', 1, null, true)['status']);
    $c->same(false, (new Pusher(Relay::KEY, Relay::SECRET, Relay::ID, ['port' => 1] + $options))->trigger('a', 'ev', 1));
});

$client->end();
$other->end();
$c->ran('pusher/pusher-php-server', Pusher::$VERSION, 'every call, webhook(), refusals');
$c->end();
