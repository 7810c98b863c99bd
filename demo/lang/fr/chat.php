<?php

return [

    'title' => 'Clairon, le tchat',

    'login' => [
        'heading' => 'Qui êtes-vous aujourd’hui ?',
        'lead' => 'Ouvrez cette page dans deux fenêtres, choisissez une personne dans chacune, et parlez-vous.',
        'as' => 'Continuer avec :name',
        'or' => 'ou avec une adresse e-mail',
        'email' => 'E-mail',
        'password' => 'Mot de passe',
        'remember' => 'Rester connecté',
        'submit' => 'Se connecter',
        'failed' => 'Cette adresse e-mail et ce mot de passe ne vont pas ensemble.',
        'hint' => 'Dans cette démo, tout le monde a le mot de passe « :password ».',
    ],

    'errors' => [
        'empty' => 'Écrivez d’abord quelque chose.',
        'too_long' => 'Ce message est trop long. Envoyez-le en plusieurs fois.',
        'refused' => 'Ce message n’a pas pu être accepté.',
    ],

    // Textes pour les scripts de la page de conversation.
    'page' => [
        'app' => 'Clairon',
        'people' => 'Contacts',
        'search' => 'Chercher un contact',
        'no_person_found' => 'Personne de ce nom.',
        'logout' => 'Se déconnecter',
        'sound_on' => 'Le son est activé',
        'sound_off' => 'Le son est coupé',
        'back' => 'Retour à la liste',
        'online' => 'en ligne',
        'offline' => 'hors ligne',
        'typing' => 'écrit…',
        'is_typing' => ':name écrit…',
        'you' => 'Vous :',
        'unread' => 'Non lus : :count',
        'today' => 'Aujourd’hui',
        'yesterday' => 'Hier',
        'sent' => 'Envoyé',
        'seen' => 'Lu',
        'sending' => 'Envoi…',
        'failed' => 'Non envoyé.',
        'retry' => 'Réessayer',
        'placeholder' => 'Écrire un message',
        'send' => 'Envoyer',
        'messages_with' => 'Messages avec :name',
        'older' => 'Afficher les messages plus anciens',
        'newer' => 'Nouveaux messages',
        'begin' => 'Pas encore de message',
        'begin_hint' => 'Dites bonjour à :name : votre message arrive sous ses yeux.',
        'choose' => 'Choisissez à qui parler',
        'choose_hint' => 'Vos conversations se mettent à jour toutes seules.',
        'nothing_said' => 'Pas encore de message',
        'away' => 'Connexion perdue : vérification toutes les 5 s',
        'signed_out' => 'Vous avez été déconnecté.',
        'log_in_again' => 'Se reconnecter',
        'load_failed' => 'Les messages n’ont pas pu être chargés.',
        'too_long' => 'Ce message est trop long. Envoyez-le en plusieurs fois.',
    ],

];
